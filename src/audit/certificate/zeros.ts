/** Which elements are 0 whatever the data: what is multiplied by them carries nothing on. */
import type { Attributes, Primitive, Tensor } from "../../graph/index.ts";
import {
  compact,
  concatenated,
  dropped,
  everywhere,
  isEmpty,
  joinedEach,
  type Load,
  padded,
  ranked,
  reducedOver,
  reshaped,
  sliced,
  transposed,
} from "./load.ts";
import { isFinite } from "./magnitude.ts";
import { wholeConstants } from "./whole-constants.ts";

/** Operations whose result is 0 where all operands are. */
const zeroWhereAll: readonly Primitive[] = [
  ...(["add", "sub", "neg", "abs", "relu", "tanh", "sqrt", "stopGradient", "cast", "sign", "floor"] as const),
];

/** 1 where an element is 0, for every node that has such elements; `order` is topological. */
export function zerosOf(order: readonly Tensor[]): ReadonlyMap<Tensor, Load> {
  const constants = wholeConstants(order);
  const known = new Map<Tensor, Load>();
  for (const node of order) {
    const value = constants.get(node);
    const zero =
      value === undefined
        ? arrive(node, known)
        : compact({ shape: value.shape, values: value.values.map((one) => (one === 0 ? 1 : 0)) });
    if (zero !== undefined && !isEmpty(zero)) known.set(node, zero);
  }
  return known;
}

const both = (a: number, b: number): number => a & b;

function arrive(node: Tensor, known: ReadonlyMap<Tensor, Load>): Load | undefined {
  const flags = node.inputs.map((operand) => known.get(operand));
  const [first] = flags;
  if (flags.every((flag) => flag === undefined) && node.primitive !== "pad") return undefined;
  const all = flags.map((flag, k) => flag ?? everywhere(node.inputs[k]?.rank ?? 0, 0));
  const shapes = node.inputs.map(({ shape }) => shape);
  const [shape = []] = shapes;
  switch (node.primitive) {
    case "mul":
      // An infinite value times 0 is no number.
      return node.inputs.every(isFinite) ? joinedEach(all, node.rank, (a = 0, b = 0) => a | b) : undefined;
    case "sum": {
      const { axes } = node.attributes as Attributes["sum"];
      return first && dropped(allOver(first, shape, axes), axes);
    }
    case "transpose":
      return first && transposed(first, (node.attributes as Attributes["transpose"]).permutation);
    case "reshape":
      return first && reshaped(first, shape, node.shape);
    case "broadcastTo":
      return first && ranked(first, node.rank);
    case "slice": {
      const { starts, ends } = node.attributes as Attributes["slice"];
      return first && sliced(first, starts, ends);
    }
    case "pad":
      return padded(all[0] ?? everywhere(node.rank, 0), shape, node.attributes as Attributes["pad"], 1);
    case "concat":
      return concatenated(all, shapes, (node.attributes as Attributes["concat"]).axis);
    default:
      return zeroWhereAll.includes(node.primitive)
        ? joinedEach(all, node.rank, (...values) => values.reduce(both, 1))
        : undefined;
  }
}

/** 1 where all elements along axes have it. */
function allOver(flags: Load, shape: Tensor["shape"], axes: readonly number[]): Load {
  const missing = { shape: flags.shape, values: flags.values.map((flag) => 1 - flag) };
  const any = reducedOver(missing, shape, axes, (a, b) => a | b);
  return { shape: any.shape, values: any.values.map((flag) => 1 - flag) };
}
