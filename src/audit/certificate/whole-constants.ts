/**
 * Values of expressions that depend on no input, as far as they are whole numbers made of whole numbers: these come out the same in every
 * precision, so that what is 0 here is 0 where the graph runs.
 */
import { type Attributes, constant, is, type Primitive, Tensor } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { compact, concatenated, type Load, ranked, reshaped, sliced, transposed } from "./load.ts";

const elementwise: ReadonlySet<Primitive> = new Set([
  ...(["neg", "abs", "sign", "relu", "floor", "not", "cast", "stopGradient", "where", "and"] as const),
  ...(["add", "sub", "mul", "maximum", "minimum", "equal", "less", "lessEqual"] as const),
]);

/** Whole numbers that nodes are, element by element. `order` is topological. */
export function wholeConstants(order: readonly Tensor[]): ReadonlyMap<Tensor, Load> {
  const known = new Map<Tensor, Load>();
  for (const node of order) {
    const value = valueOf(node, known);
    if (value !== undefined) known.set(node, value);
  }
  return known;
}

function valueOf(node: Tensor, known: ReadonlyMap<Tensor, Load>): Load | undefined {
  if (is(node, "constant")) return wholeOnly(node.shape, node.attributes.values);
  if (node.inputs.length === 0) return undefined;
  const operands: Load[] = [];
  for (const operand of node.inputs) {
    const value = known.get(operand);
    if (value === undefined) return undefined;
    operands.push(value);
  }
  const [first] = operands;
  if (first === undefined) return undefined;
  const shapes = node.inputs.map(({ shape }) => shape);
  switch (node.primitive) {
    case "transpose":
      return transposed(first, (node.attributes as Attributes["transpose"]).permutation);
    case "reshape":
      return reshaped(first, shapes[0] ?? [], node.shape);
    case "broadcastTo":
      return ranked(first, node.rank);
    case "slice": {
      const { starts, ends } = node.attributes as Attributes["slice"];
      return sliced(first, starts, ends);
    }
    case "concat":
      return concatenated(operands, shapes, (node.attributes as Attributes["concat"]).axis);
    default:
      return elementwise.has(node.primitive) ? computed(node, operands) : undefined;
  }
}

/** An elementwise primitive on what its operands are, each element that differs once. */
function computed(node: Tensor, operands: readonly Load[]): Load | undefined {
  const given = operands.map(({ shape, values }, k) => {
    const dtype = node.inputs[k]?.dtype ?? "float32";
    return constant([...values], shape, dtype);
  });
  const [result] = interpret([Tensor.of(node.primitive, node.attributes, ...given)]);
  const whole = result && wholeOnly(result.shape, result.values);
  return whole && ranked(whole, node.rank);
}

function wholeOnly(shape: Tensor["shape"], values: ArrayLike<number>): Load | undefined {
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (!Number.isInteger(value) || Math.abs(value) >= 2 ** 24) return undefined;
  }
  return compact({ shape, values: Int32Array.from(values) });
}
