/** Prints a graph as one assignment a line, readable enough for inline snapshots in tests. */
import type { Primitive } from "./primitive.ts";
import { describe } from "./shape.ts";
import { is, type Tensor, topological } from "./tensor.ts";

/**
 * Text of the graph below `outputs`, operands first. Inputs and scalar constants are named in place; other nodes are `%1`,
 * `%2`, ... in order. `names` labels the outputs.
 *
 *     %1 = matmul(x, w1) : f32[128, 64]
 *     %2 = relu(%1) : f32[128, 64]
 *     return loss = %2
 */
export function print(outputs: readonly Tensor[], names: readonly string[] = []): string {
  const label = new Map<Tensor, string>();
  const lines: string[] = [];
  let next = 1;
  for (const node of topological(outputs)) {
    if (is(node, "input")) {
      label.set(node, node.attributes.name);
      lines.push(`${node.attributes.name} : ${describe(node.dtype, node.shape)}`);
    } else if (is(node, "constant") && node.rank === 0) {
      label.set(node, `${node.attributes.values[0] ?? 0}`);
    } else {
      const name = `%${next++}`;
      const operands = node.inputs.map((operand) => label.get(operand) ?? "?").join(", ");
      label.set(node, name);
      lines.push(
        `${name} = ${node.primitive}${attributesText(node)}(${operands}) : ${describe(node.dtype, node.shape)}`,
      );
    }
  }
  outputs.forEach((output, i) => {
    const name = names[i];
    lines.push(`return ${name === undefined ? "" : `${name} = `}${label.get(output) ?? "?"}`);
  });
  return lines.join("\n");
}

/** Attributes that the result's shape does not show, in braces. */
export function attributesText(node: Tensor): string {
  const hidden: readonly Primitive[] = ["reshape", "broadcastTo", "oneHot", "cast"];
  if (hidden.includes(node.primitive)) return "";
  const parts = Object.entries(node.attributes as Record<string, unknown>)
    .filter(([, value]) => value !== false)
    .map(([key, value]) => {
      if (value === true) return key;
      if (key === "values" && Array.isArray(value) && value.length > 8)
        return `values=[${value.slice(0, 8).join(",")},...]`;
      return `${key}=${JSON.stringify(value)}`;
    });
  return parts.length === 0 ? "" : `{${parts.join(" ")}}`;
}
