/**
 * A bound on the magnitude of a value, from its expression and one assumption: that inputs are at most `inputBound`, or what is known of
 * them (`boundInput`): what a rule keeps may grow beyond all bounds. Where it holds, 0 times the value is 0; an infinite value times 0
 * would be no number, which shows that it was infinite.
 */
import { type Tensor, topological } from "../../graph/index.ts";

/** The largest input that certificates allow for; a run whose values grow beyond it has diverged. */
export const inputBound = 1e6;
/** Below the largest float32, with room for rounding. */
const largest = 1e38;

const known = new WeakMap<Tensor, number>();

/** Says what an input is at most; before anything that is made of it is asked for. */
export function boundInput(node: Tensor, bound: number): void {
  known.set(node, withinFloat32(bound));
}

/** Whether a value, and all that it is made of by what keeps infinities, is finite in float32 for all inputs within bounds. */
export function isFinite(node: Tensor): boolean {
  return boundOf(node) < largest;
}

/** What may be beyond float32 is infinite, however small the numbers by which it is multiplied afterwards. */
const withinFloat32 = (bound: number): number => (bound < largest ? bound : Infinity);

function boundOf(output: Tensor): number {
  for (const node of topological([output])) if (!known.has(node)) known.set(node, withinFloat32(boundAt(node)));
  return known.get(output) ?? Infinity;
}

function boundAt(node: Tensor): number {
  const operand = (i: number): number => known.get(node.inputs[i] as Tensor) ?? 0;
  const size = (i: number): number => (node.inputs[i]?.shape ?? []).reduce((product, n) => product * n, 1);
  switch (node.primitive) {
    case "input":
      return inputBound;
    case "constant":
      return Math.max(0, ...(node.attributes as { readonly values: readonly number[] }).values.map(Math.abs));
    case "neg":
    case "abs":
    case "relu":
    case "floor":
    case "cast":
    case "transpose":
    case "reshape":
    case "broadcastTo":
    case "slice":
    case "pad":
    case "gather":
    case "max":
    case "stopGradient":
      return operand(0);
    // Bounded, but no number where the argument is none.
    case "sign":
    case "tanh":
    case "sigmoid":
    case "softmax":
      return operand(0) < largest ? 1 : Infinity;
    case "not":
    case "and":
    case "equal":
    case "less":
    case "lessEqual":
    case "oneHot":
      return 1;
    case "add":
    case "sub":
      return operand(0) + operand(1);
    case "mul":
      return operand(0) * operand(1);
    case "maximum":
    case "minimum":
      return Math.max(operand(0), operand(1));
    case "where":
      return Math.max(operand(1), operand(2));
    case "concat":
      return Math.max(...node.inputs.map((_, i) => operand(i)));
    case "matmul":
    case "conv2d":
      return size(0) * operand(0) * operand(1);
    case "gemm": {
      const { alpha, beta } = node.attributes as { readonly alpha: number; readonly beta: number };
      const product = withinFloat32(size(0) * operand(0) * operand(1));
      return withinFloat32(Math.abs(alpha) * product) + withinFloat32(Math.abs(beta) * operand(2));
    }
    case "sum":
    case "scatterAdd":
      return size(0) * operand(0);
    case "argmax":
      return size(0);
    case "logSoftmax":
      return 2 * operand(0) + Math.log(size(0) + 1);
    // What divides, or grows without bound at some argument.
    case "div":
    case "exp":
    case "log":
    case "sqrt":
    case "pow":
      return Infinity;
    default:
      return node.primitive satisfies never;
  }
}
