/**
 * What self-supervised rules share: two views of one thing, laid out as [positions, batch, features], and the heads that
 * belong to a layer: predictors and projectors.
 */
import { z } from "zod";
import { concat, constant, range, type Tensor } from "../graph/index.ts";
import { type SequenceOptions, sequenceOptions } from "./layerwise.ts";
import type { Signal } from "./signal.ts";
import type { Initial, LayerView, PairKind } from "./workspace.ts";

/** Options that every rule of the family has. */
export const pairOptions = {
  pair: z
    .enum(["temporal", "context", "resample", "halves"])
    .default("temporal")
    .describe("what counts as two views of one thing"),
  positions: z
    .enum(["each", "together"])
    .default("together")
    .describe("compare position by position, or all positions of a layer as one vector"),
  ...sequenceOptions,
};
export interface PairOptions extends SequenceOptions {
  readonly pair: PairKind;
  readonly positions: "each" | "together";
}

/** Options of a head between a layer and its objective, for rules that may have one. */
export const projectorOptions = {
  projector: z
    .enum(["none", "linear", "mlp"])
    .default("mlp")
    .describe("map of both views before comparison, trained with the layer; mlp has one hidden ReLU layer"),
  projectorSize: z
    .int()
    .nonnegative()
    .default(32)
    .describe("outputs (and hidden units) of the projector; 0: its inputs"),
};
export interface ProjectorOptions {
  readonly projector: "none" | "linear" | "mlp";
  readonly projectorSize: number;
}

/**
 * Two views of one thing at a layer, both [positions, batch, features]; one position with positions=together. Undefined where
 * the layer has no pair of this kind. `of` chooses the signal compared.
 */
export function pairedViews(
  view: LayerView,
  { pair, positions }: PairOptions,
  of: "post" | "preactivation" = "post",
): readonly [Tensor, Tensor] | undefined {
  const found = view.pair(pair, of);
  if (found === undefined) return undefined;
  const arrange = (x: Tensor): Tensor =>
    positions === "each" ? x.transpose([1, 0, 2]) : x.reshape([1, x.size(0), x.size(1) * x.size(2)]);
  return [arrange(found[0]), arrange(found[1])];
}

/** x [positions, batch, in] times a matrix of the layer's own, shared over positions: [positions, batch, out]. */
export function throughHead(view: LayerView, name: string, x: Tensor, out: number, initial: Initial): Tensor {
  return x.matmul(view.head(name, [x.size(-1), out], initial));
}

/** x [positions, batch, features] through the layer's projector; weights start from N(0, gain / fan-in), gain 2 before ReLU. */
export function project(view: LayerView, x: Tensor, { projector, projectorSize }: ProjectorOptions): Tensor {
  const size = projectorSize === 0 ? x.size(-1) : projectorSize;
  const drawn = (gain: number, fanIn: number): Initial => ({ kind: "normal", deviation: Math.sqrt(gain / fanIn) });
  switch (projector) {
    case "none":
      return x;
    case "linear":
      return throughHead(view, "projector", x, size, drawn(1, x.size(-1)));
    case "mlp": {
      const hidden = throughHead(view, "projectorHidden", x, size, drawn(2, x.size(-1))).relu();
      return throughHead(view, "projector", hidden, size, drawn(1, size));
    }
    default:
      return projector satisfies never;
  }
}

/** The next sample of the batch in place of each, the first in place of the last: x [positions, batch, features]. Batches come in random order, so it is a random other sample. */
export function nextSample(x: Tensor): Tensor {
  return x.size(1) === 1 ? x : concat([x.narrow(1, 1, x.size(1)), x.narrow(1, 0, 1)], 1);
}

/** One where row i meets column (i + shift) mod size, [size, size]. */
export function shiftedIdentity(size: number, shift = 0): Tensor {
  const columns = range(size).map((i) => (i + shift) % size);
  return constant(columns, [size], "int32").oneHot(size);
}

/** Sum over units i != k of the square of a matrix [positions, units, units], per position: [positions]. */
export function offDiagonalSquares(matrix: Tensor): Tensor {
  const diagonal = shiftedIdentity(matrix.size(-1));
  return matrix.mul(diagonal.neg().add(1)).square().sum([1, 2]);
}

/** What a loss over two views of a batch reads: every unit and sample of the layer, and its head where it has one. */
export function twoViewSignals(hasHead: boolean): readonly Signal[] {
  const signals = ["pre", "post", "preactivation", "lateral", "batch", "pair"] as const;
  return hasHead ? [...signals, "localHead"] : signals;
}
