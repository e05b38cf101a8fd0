/**
 * What an expression owes to data: whether a layer that is given it answers to data, or to something that the rule chose.
 *
 * A layer that is driven by constants, by rows of the identity, or by weights shows its own weights in its answer. Its activity is
 * taken for activity only where every term of what drives it has a factor that varies with data (or noise, or other activity) as smoothly as
 * activity does, and no factor that picks units out one by one. What can be made a constant, a code or a mask of data (comparisons, rounding,
 * an exponential, a quotient of data by data) is no such factor, though it may stand beside one, as the slope of a unit does.
 */
import { is, type Tensor, uniformValue } from "../../graph/index.ts";

/** What every additive term of a value contains: nothing of the sort, data (or other activity), noise; `mixed` where terms differ. */
type Kind = "free" | "driven" | "noisy" | "mixed";

export interface Drive {
  readonly kind: Kind;
  /** Whether a pattern (a constant of several values, a one-hot code, something the rule keeps and may have shaped) takes part in it. */
  readonly patterned: boolean;
  /** Whether some term varies with data by steps alone, or may be made to: a comparison, a rounding, a saturated exponential. */
  readonly stepped?: boolean;
  /** Whether all units are given the same. */
  readonly flat?: boolean;
  /** Whether it is a matrix drawn at random, once: what passes through it picks nothing out. */
  readonly random?: boolean;
  /** Whether it is a value of the network's own, perhaps times a number. */
  readonly trained?: boolean;
}

const free: Drive = { kind: "free", patterned: false };
const pattern: Drive = { kind: "free", patterned: true };
export const driven: Drive = { kind: "driven", patterned: false };
export const noisy: Drive = { kind: "noisy", patterned: false };
/** The class of an example as a code. */
export const coded: Drive = { kind: "driven", patterned: true };
/** What a rule keeps and changes may have any value. */
export const shaped = pattern;
/** A value of the network's own. */
export const trained: Drive = { ...free, trained: true };
/** Values as they were drawn at random, once. */
export const drawn: Drive = { ...free, random: true };

/** Whether a layer that is given this answers to data, or to noise. */
export function answersToData({ kind, patterned, stepped, flat }: Drive): boolean {
  return (kind === "noisy" || kind === "driven") && !patterned && stepped !== true && flat !== true;
}

/** Whether an expression that is added to something is noise that picks nothing out. */
export function isNoise(drive: Drive): boolean {
  return drive.kind === "noisy" && answersToData({ ...drive, flat: false });
}

const hasData = ({ kind }: Drive): boolean => kind !== "free";
const isPatterned = (all: readonly Drive[]): boolean => all.some(({ patterned }) => patterned);

/** Terms side by side: a sum, or parts of one tensor. */
function together(all: readonly Drive[]): Drive {
  const kinds = new Set(all.map(({ kind }) => kind));
  const [only] = kinds;
  const kind = kinds.size <= 1 ? (only ?? "free") : kinds.has("free") || kinds.has("mixed") ? "mixed" : "driven";
  return {
    kind,
    patterned: isPatterned(all),
    stepped: all.some(({ stepped }) => stepped === true),
    flat: all.every(({ flat }) => flat === true),
  };
}

/** Factors of one term. */
function multiplied(all: readonly Drive[]): Drive {
  const data = all.filter(hasData);
  const flat = all.every((one) => one.flat === true);
  // Weights, unit by unit, are a pattern to what they multiply; times a number they are weights.
  const patterned =
    isPatterned(all) || (data.length > 0 && all.some((one) => one.trained === true && one.flat !== true));
  if (data.length === 0) return { ...together(all), trained: all.some((one) => one.trained === true), flat };
  const stepped = data.every((one) => one.stepped === true);
  const smooth = data.filter((one) => one.stepped !== true);
  const kinds = (smooth.length > 0 ? smooth : data).map(({ kind }) => kind);
  if (kinds.includes("noisy")) return { kind: "noisy", patterned, stepped, flat };
  // A term of a mixed factor is data once another factor is.
  const kind = kinds.length === 1 ? (kinds[0] ?? "driven") : kinds.includes("driven") ? "driven" : "mixed";
  return { kind, patterned, stepped, flat };
}

/** What varies by steps with what it is made of. */
function steps(all: readonly Drive[], isPattern = false): Drive {
  const kind = all.some(hasData) ? (all.some((one) => one.kind === "noisy") ? "noisy" : "driven") : "free";
  return { kind, patterned: isPattern || isPatterned(all), stepped: true, flat: all.every((one) => one.flat === true) };
}

/** What a node owes to data, given that of its operands. Inputs are the caller's. */
export function driveOf(node: Tensor, operands: readonly Drive[]): Drive {
  const [a = free, b = free, c = free] = operands.map((one, i) => spreadOver(node, node.inputs[i], one));
  switch (node.primitive) {
    case "input":
      return free;
    case "constant":
      return uniformValue(node) === undefined ? pattern : { ...free, flat: true };
    case "add":
    case "sub":
      return isZero(node.inputs[0]) ? b : isZero(node.inputs[1]) ? a : together([a, b]);
    case "concat":
      return joined(operands);
    case "pad":
      return joined([a, free]);
    case "mul":
      return multiplied([a, b]);
    case "conv2d":
      return through(a, b);
    case "matmul":
      return through(a, b);
    case "gemm":
      return together([through(a, b), c]);
    case "div":
      if (!hasData(b)) return multiplied([a, { ...b, trained: false }]);
      // By its norm, data are data still; by each other they may be ones.
      return b.flat === true && a.flat !== true
        ? { ...multiplied([a, b]), stepped: a.stepped === true }
        : steps([a, b]);
    case "pow": {
      const power = node.inputs[1] && uniformValue(node.inputs[1]);
      return power !== undefined && power > 0 && power <= 8 ? a : steps([a, b], true);
    }
    case "maximum":
    case "minimum":
      // Clipped at a number, as a saturating unit is.
      return isNumber(node.inputs[0]) ? b : isNumber(node.inputs[1]) ? a : together([a, b]);
    case "equal":
    case "less":
    case "lessEqual":
    case "and":
      return steps([a, b]);
    case "where": {
      const chosen = isZero(node.inputs[1]) ? c : isZero(node.inputs[2]) ? b : together([b, c]);
      return { ...chosen, patterned: chosen.patterned || a.patterned };
    }
    case "gather":
      // A row drawn at random for each class; a row of anything else may be one of a code.
      if (hasData(b)) return { kind: "driven", patterned: a.random !== true && (a.patterned || !hasData(a)) };
      return { ...a, patterned: a.patterned || b.patterned };
    case "scatterAdd":
      return { ...together([a, pattern]), stepped: true };
    case "oneHot":
    case "argmax":
      return steps([a], true);
    case "not":
    case "sign":
    case "floor":
    case "exp":
      return steps([a]);
    case "softmax":
    case "logSoftmax":
      return steps([a], true);
    case "cast":
      return node.inputs[0]?.dtype === node.dtype ? a : steps([a]);
    case "sum":
    case "max":
    case "reshape":
    case "transpose":
    case "slice":
      return { ...a, flat: a.flat === true && node.rank > 0 && node.size(-1) > 1, random: false };
    case "broadcastTo":
      return a;
    case "neg":
    case "stopGradient":
      return a;
    case "abs":
    case "log":
    case "sqrt":
    case "tanh":
    case "sigmoid":
    case "relu":
      return { ...a, random: false, trained: false };
    default:
      return node.primitive satisfies never;
  }
}

/** An operand that has one number for all units where the result has one for each. */
function spreadOver(node: Tensor, operand: Tensor | undefined, drive: Drive): Drive {
  if (operand === undefined || node.rank === 0) return drive;
  const isOne = operand.rank === 0 || operand.size(-1) === 1;
  return isOne && node.size(-1) > 1 && elementwise.has(node.primitive) ? { ...drive, flat: true } : drive;
}

const elementwise: ReadonlySet<string> = new Set([
  ...["add", "sub", "mul", "div", "pow", "maximum", "minimum", "equal", "less", "lessEqual", "and", "where"],
  "broadcastTo",
]);

/** Parts put together: of such as vary by steps, or not at all, any code can be made. */
function joined(all: readonly Drive[]): Drive {
  const found = together(all);
  const isCode = all.some((one) => one.kind === "free" || one.stepped === true);
  return { ...found, flat: false, patterned: found.patterned || isCode };
}

/** A product of matrices: units are mixed, by weights or at random, or as a pattern has it. */
function through(a: Drive, b: Drive): Drive {
  const plain = (one: Drive): Drive => ({ ...one, trained: false, flat: false });
  const product = multiplied([plain(a), plain(b)]);
  return a.random === true || b.random === true ? { ...product, patterned: false, flat: false } : product;
}

function isNumber(node: Tensor | undefined): boolean {
  return node !== undefined && (is(node, "constant") || is(node, "broadcastTo")) && uniformValue(node) !== undefined;
}

function isZero(node: Tensor | undefined): boolean {
  return node !== undefined && (is(node, "constant") || is(node, "broadcastTo")) && uniformValue(node) === 0;
}
