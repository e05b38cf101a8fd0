/** What a graph computes, node by node: in float64, and as it runs, every node rounded to float32 and whole numbers wrapped at 32 bits. */
import { constant, is, range, Tensor, topological } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { type Load, spread } from "./load.ts";

export type Precision = "float64" | "float32";

/** Values of nodes, row-major. */
export type Values = ReadonlyMap<Tensor, ArrayLike<number>>;

/**
 * Values of every node behind `outputs`; undefined where a graph has no meaning: at an index out of range, and where the largest of what is
 * no number is asked for.
 */
export function valuesOf(outputs: readonly Tensor[], feeds: Values, precision: Precision): Values | undefined {
  const order = topological(outputs);
  try {
    const values = precision === "float64" ? inFloat64(order, feeds) : inFloat32(order, feeds);
    const hasMaxima = order.every((node) => !is(node, "argmax") || !Array.from(values.get(node)!).includes(-1));
    return hasMaxima ? values : undefined;
  } catch (error) {
    if (error instanceof Error && error.message.includes("expected indices from")) return undefined;
    throw error;
  }
}

function inFloat64(order: readonly Tensor[], feeds: Values): Values {
  const values = interpret(order, feeds);
  return new Map(order.map((node, i) => [node, values[i]!.values]));
}

function inFloat32(order: readonly Tensor[], feeds: Values): Values {
  const known = new Map<Tensor, ArrayLike<number>>();
  for (const node of order) {
    known.set(node, Array.from(feeds.get(node) ?? computed(node, known), rounded[node.dtype]));
  }
  return known;
}

/** A product within a sum is a product by itself: it may be too large where the sum is not. */
function computed(node: Tensor, known: Values): ArrayLike<number> {
  const operands = node.inputs.map((one) => constant(known.get(one)!, one.shape, one.dtype));
  const [a, b, c] = operands;
  if (is(node, "gemm") && a !== undefined && b !== undefined && c !== undefined) {
    const { alpha, beta, ...flags } = node.attributes;
    const sum = Tensor.of("matmul", flags, a, b).mul(alpha).add(c.mul(beta));
    return inFloat32(topological([sum]), new Map()).get(sum)!;
  }
  return interpret([Tensor.of(node.primitive, node.attributes, ...operands)])[0]!.values;
}

/** Whole numbers wrap at 32 bits; what is no number becomes the least of them, as on most machines. */
const rounded = {
  float32: Math.fround,
  int32: (x: number) => (Number.isFinite(x) ? x | 0 : -(2 ** 31)),
  bool: (x: number) => x,
};

/** What every element carries, row-major. */
export function elementsOf(load: Load | undefined, { shape, rank }: Tensor): ArrayLike<number> {
  if (load === undefined) return new Int32Array(shape.reduce((product, n) => product * n, 1));
  return spread(load, shape, range(rank)).values;
}

/** Whether two numbers are the same to whoever reads them: nothing that runs tells one NaN from another, or 0 from -0 by itself. */
export function isSameNumber(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** A node in words, with what it is made of. */
export function told(node: Tensor, depth = 7): string {
  const name = is(node, "input") ? ` ${node.attributes.name}` : "";
  const below = depth === 0 ? ["..."] : node.inputs.map((operand) => told(operand, depth - 1));
  return `${node.toString()}${name}${below.length === 0 ? "" : `(${below.join(", ")})`}`;
}
