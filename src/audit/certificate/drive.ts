/**
 * What an expression owes to data: whether a layer that is given it answers to data, or to something that the rule chose.
 *
 * A layer that is driven by constants, by rows of the identity, or by weights shows its own weights in its answer. Its activity is
 * taken for activity only where every term of what drives it is a function of data, labels, noise or other activity, without a
 * pattern of constants that would pick units one by one.
 */
import { is, type Tensor, uniformValue } from "../../graph/index.ts";

/** What every additive term of a value contains: nothing of the sort, data (or other activity), noise; `mixed` where terms differ. */
type Kind = "free" | "driven" | "noisy" | "mixed";

export interface Drive {
  readonly kind: Kind;
  /** Whether a pattern (a constant of several values, a one-hot code, something the rule keeps and may have shaped) takes part in it. */
  readonly patterned: boolean;
  /** Whether it is a matrix drawn at random, once: what passes through it picks nothing out. */
  readonly random?: boolean;
}

const free: Drive = { kind: "free", patterned: false };
const pattern: Drive = { kind: "free", patterned: true };
export const driven: Drive = { kind: "driven", patterned: false };
export const noisy: Drive = { kind: "noisy", patterned: false };
/** What a rule keeps and changes may have any value. */
export const shaped = pattern;
/** A value of the network's own. */
export const trained = free;
/** Values as they were drawn at random, once. */
export const drawn: Drive = { ...free, random: true };

/** Whether a layer that is given this answers to data, or to noise that picks nothing out. */
export function answersToData({ kind, patterned }: Drive): boolean {
  return (kind === "noisy" || kind === "driven") && !patterned;
}

const hasData = ({ kind }: Drive): boolean => kind !== "free";

/** Terms side by side: a sum, or parts of one tensor. */
function together(all: readonly Drive[]): Drive {
  const kinds = new Set(all.map(({ kind }) => kind));
  const patterned = all.some((one) => one.patterned);
  const [only] = kinds;
  if (kinds.size <= 1) return { kind: only ?? "free", patterned };
  return { kind: kinds.has("free") || kinds.has("mixed") ? "mixed" : "driven", patterned };
}

/** Factors of one term. */
function multiplied(all: readonly Drive[]): Drive {
  const data = all.filter(hasData);
  if (data.length === 0) return together(all);
  const patterned = all.some((one) => one.patterned);
  if (data.some(({ kind }) => kind === "noisy")) return { kind: "noisy", patterned };
  // A term of a mixed factor is data once another factor is.
  const kind =
    data.length === 1 ? (data[0]?.kind ?? "driven") : data.some((one) => one.kind === "driven") ? "driven" : "mixed";
  return { kind, patterned };
}

/** A value that is chosen by data, out of what may be constants. */
function chosen(all: readonly Drive[]): Drive {
  return { kind: all.some(hasData) ? "driven" : "free", patterned: all.some((one) => one.patterned) };
}

/** What a node owes to data, given that of its operands. Inputs are the caller's. */
export function driveOf(node: Tensor, operands: readonly Drive[]): Drive {
  const [a = free, b = free, c = free] = operands;
  switch (node.primitive) {
    case "input":
      return free;
    case "constant":
      return uniformValue(node) === undefined ? pattern : free;
    case "add":
    case "sub":
      return isZero(node.inputs[0]) ? b : isZero(node.inputs[1]) ? a : together([a, b]);
    case "concat":
      return together(operands);
    case "pad":
      return together([a, free]);
    case "mul":
    case "conv2d":
      return multiplied([a, b]);
    case "matmul": {
      const product = multiplied([a, b]);
      return a.random === true || b.random === true ? { ...product, patterned: false } : product;
    }
    case "gemm":
      return together([multiplied([a, b]), c]);
    case "div":
      return hasData(a) ? a : chosen([a, b]);
    case "pow":
      return hasData(a) ? a : chosen([a, b]);
    case "maximum":
    case "minimum":
      return hasData(a) && hasData(b) ? together([a, b]) : hasData(a) ? a : b;
    case "equal":
    case "less":
    case "lessEqual":
    case "and":
      return chosen([a, b]);
    case "where":
      return hasData(a) ? chosen([a, b, c]) : together([b, c, { kind: b.kind, patterned: a.patterned }]);
    case "gather":
      return hasData(b)
        ? { ...chosen([a, b]), patterned: a.patterned }
        : { kind: a.kind, patterned: a.patterned || b.patterned };
    case "scatterAdd":
      return together([chosen([a, b]), pattern]);
    case "oneHot":
    case "argmax":
      // The class of an example, which no rule chooses, is told apart by the caller.
      return { kind: a.kind, patterned: true };
    case "neg":
    case "abs":
    case "sign":
    case "exp":
    case "log":
    case "sqrt":
    case "tanh":
    case "sigmoid":
    case "relu":
    case "floor":
    case "not":
    case "cast":
    case "transpose":
    case "reshape":
    case "broadcastTo":
    case "slice":
    case "sum":
    case "max":
    case "softmax":
    case "logSoftmax":
    case "stopGradient":
      return a;
    default:
      return node.primitive satisfies never;
  }
}

function isZero(node: Tensor | undefined): boolean {
  return node !== undefined && (is(node, "constant") || is(node, "broadcastTo")) && uniformValue(node) === 0;
}
