/**
 * What is executed is what was audited: checks, made for every step and block of steps that are compiled, of the rewriting between them.
 *
 * Rewriting may drop a reading (a product with 0), and never add one; an unrolled block is the step again and again, node for node.
 */
import { is, type Tensor, topological } from "../graph/index.ts";
import { inputOfStep } from "./unroll.ts";

type Named = Readonly<Record<string, Tensor>>;

/** Throws where an output of a graph that was simplified, or made for several replicas, reads an input that it did not read before. */
export function refuseNewReads(before: Named, after: Named): void {
  for (const [name, output] of Object.entries(after)) {
    const audited = inputsBehind(before[name]);
    const added = [...inputsBehind(output)].find((leaf) => !audited.has(leaf));
    if (added !== undefined) throw new Error(`internal: ${name} of the rewritten step reads ${added}`);
  }
}

/** Names of the inputs that an output is made of. */
function inputsBehind(output: Tensor | undefined): ReadonlySet<string> {
  const nodes = output === undefined ? [] : topological([output]);
  return new Set(nodes.flatMap((node) => (is(node, "input") ? [node.attributes.name] : [])));
}

/**
 * Throws where a block is not `steps` steps of a graph in a row: it is walked beside the step, back from what it leaves to what it is given.
 * `fixed` are the inputs that all steps share.
 */
export function refuseOtherSteps(step: Named, block: Named, steps: number, fixed: ReadonlySet<string>): void {
  const refuse = (what: string): never => {
    throw new Error(`internal: the block is not the step ${steps} times: ${what}`);
  };
  if (Object.keys(step).join() !== Object.keys(block).join()) refuse("other outputs");
  const pairs: { readonly one: Tensor; readonly many: Tensor; readonly at: number }[] = [];
  for (const [name, output] of Object.entries(step)) {
    const many = block[name];
    if (many === undefined) return refuse(name);
    if (name.startsWith("next.")) pairs.push({ one: output, many, at: steps - 1 });
    else if (!is(many, "concat") || many.inputs.length !== steps) refuse(name);
    else many.inputs.forEach((row, at) => pairs.push({ one: output, many: row.inputs[0] ?? row, at }));
  }
  const seen = Array.from({ length: steps }, () => new Map<Tensor, Tensor>());
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    const { one, many, at } = pair;
    const known = seen[at]?.get(one);
    if (known !== undefined && known !== many) refuse(`two nodes for ${one.toString()}`);
    if (known !== undefined) continue;
    seen[at]?.set(one, many);
    if (is(one, "input")) {
      const { name } = one.attributes;
      const before = step[`next.${name}`];
      if (before !== undefined && at > 0 && !fixed.has(name)) {
        pairs.push({ one: before, many, at: at - 1 });
        continue;
      }
      const wanted = before !== undefined || fixed.has(name) ? name : inputOfStep(name, at);
      if (!is(many, "input") || many.attributes.name !== wanted) refuse(`another input than ${wanted}`);
      continue;
    }
    const alike =
      one.primitive === many.primitive &&
      one.inputs.length === many.inputs.length &&
      (one.attributes === many.attributes || JSON.stringify(one.attributes) === JSON.stringify(many.attributes));
    if (!alike) refuse(`${many.toString()} for ${one.toString()}`);
    one.inputs.forEach((operand, i) => pairs.push({ one: operand, many: many.inputs[i] as Tensor, at }));
  }
}
