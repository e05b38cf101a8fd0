/**
 * What self-supervised rules share: two views of one thing, laid out as [comparisons, batch, features], and the heads that belong to a
 * layer: predictors and projectors.
 */
import { z } from "zod";
import { concat, constant, range, type Tensor } from "../../graph/index.ts";
import { neighbours, toPositions } from "../../networks/index.ts";
import type { LayerView } from "./layer-view.ts";
import { type SequenceOptions, sequenceOptions } from "./layerwise.ts";
import { type PairKind, pairKinds, type PartnerRequest } from "../../tasks/pair-kinds.ts";
import { RuleError } from "./signal.ts";
import type { Initial } from "./variable.ts";
import type { Workspace } from "./workspace.ts";

/** Options that every rule of the family has. */
export const pairOptions = {
  pair: z
    .enum(pairKinds)
    .default("context")
    .describe(
      "what counts as two views of one thing: neighbouring positions of one input (where a layer has one position: the first and the " +
        "second half of the input, the other half blank); the same latents with everything below drawn again (an oracle: it knows the " +
        "generator of the data); another example of the same class (it knows the label); the same input with noise, of real numbers, or with " +
        "positions left blank (dropout); two halves of the units of one activity, or any other example: controls",
    ),
  strength: z
    .number()
    .positive()
    .optional()
    .describe(
      "pair=noise: standard deviation of what is added, in that of each number over the training set (0.5 where left out); pair=dropout: " +
        "share of positions left blank, below 1 (0.25 where left out)",
    ),
  level: z
    .union([z.literal("layer"), z.int().nonnegative()])
    .default("layer")
    .describe(
      "pair=resample: latents at levels up to this one stay (0 is the class); layer: up to the level for which each layer stands",
    ),
  positions: z
    .enum(["each", "together"])
    .default("together")
    .describe("compare position by position, or all positions of a layer as one vector"),
  ...sequenceOptions,
};
export interface PairOptions extends SequenceOptions {
  readonly pair: PairKind;
  readonly level: "layer" | number;
  readonly strength?: number | undefined;
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

/** Two views of one thing at a layer, both [comparisons, batch, features]; one comparison with positions=together. `of` chooses the signal compared. */
export function pairedViews(
  view: LayerView,
  options: PairOptions,
  workspace: Workspace,
  of: "post" | "preactivation" = "post",
): readonly [Tensor, Tensor] {
  const [here, there] = viewsOf(view, options, workspace, of);
  const arrange = (x: Tensor): Tensor =>
    options.positions === "each" ? x.transpose([1, 0, 2]) : x.reshape([1, x.size(0), x.size(1) * x.size(2)]);
  return [arrange(here), arrange(there)];
}

/** The two views as [batch, positions, n]. */
function viewsOf(
  view: LayerView,
  { pair, level, strength }: PairOptions,
  workspace: Workspace,
  of: "post" | "preactivation",
): readonly [Tensor, Tensor] {
  const own = view[of];
  const placed = (x: Tensor): Tensor => toPositions(view.layer, x);
  switch (pair) {
    case "same-class":
    case "shuffled":
      return [placed(own), placed(workspace.partner({ kind: pair }).at(view)[of])];
    case "resample": {
      const kept = level === "layer" ? { layer: view.index } : level;
      return [placed(own), placed(workspace.partner({ kind: pair, level: kept }).at(view)[of])];
    }
    case "noise":
    case "dropout":
      return [placed(own), placed(workspace.partner(changedRequest(pair, strength)).at(view)[of])];
    case "context": {
      const beside = view.above && neighbours(view.layer, view.above.layer, own);
      if (beside !== undefined) return beside;
      const [first, second] = halves(view, workspace);
      return [placed(workspace.partner(first).at(view)[of]), placed(workspace.partner(second).at(view)[of])];
    }
    case "halves": {
      const { units } = view;
      if (units % 2 !== 0)
        throw new RuleError(
          `rule.pair=halves: expected an even number of units in every layer, got ${units} in ${view.layer.name}`,
        );
      const both = placed(own);
      return [both.narrow(2, 0, units / 2), both.narrow(2, units / 2, units)];
    }
    default:
      return pair satisfies never;
  }
}

/** The same input changed at random. Throws RuleError where all of it would be left out. */
function changedRequest(pair: "noise" | "dropout", strength: number | undefined): PartnerRequest {
  if (pair === "noise") return { kind: pair, deviation: strength ?? 0.5 };
  const rate = strength ?? 0.25;
  if (rate >= 1) throw new RuleError(`rule.strength: expected a share below 1 with rule.pair=dropout, got ${rate}`);
  return { kind: pair, rate };
}

/** The first and the second half of the input, cut between positions of the layer below where it has several. */
function halves(view: LayerView, { registry, network }: Workspace): readonly [PartnerRequest, PartnerRequest] {
  const symbols = registry.tokens.size(1);
  const parts = view.below === undefined ? network.input.positions : view.below.layer.positions;
  const cut = parts > 1 ? (symbols / parts) * Math.ceil(parts / 2) : Math.ceil(symbols / 2);
  return [
    { kind: "part", from: 0, to: cut },
    { kind: "part", from: cut, to: symbols },
  ];
}

/** x [comparisons, batch, in] times a matrix of the layer's own, shared over comparisons: [comparisons, batch, out]. */
export function throughHead(view: LayerView, name: string, x: Tensor, out: number, initial: Initial): Tensor {
  return x.matmul(view.head(name, [x.size(-1), out], initial));
}

/** x [comparisons, batch, features] through the layer's projector; weights start from N(0, gain / inputs), gain 2 before ReLU. */
export function project(view: LayerView, x: Tensor, { projector, projectorSize }: ProjectorOptions): Tensor {
  const size = projectorSize === 0 ? x.size(-1) : projectorSize;
  const drawn = (gain: number, inputs: number): Initial => ({ kind: "normal", deviation: Math.sqrt(gain / inputs) });
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

/** The next example of the batch in place of each, the first in place of the last: x [comparisons, batch, features]. Batches come in random order, so it is a random other example. */
export function nextExample(x: Tensor): Tensor {
  return x.size(1) === 1 ? x : concat([x.narrow(1, 1, x.size(1)), x.narrow(1, 0, 1)], 1);
}

/** One where row i meets column (i + shift) mod size, [size, size]. */
export function shiftedIdentity(size: number, shift = 0): Tensor {
  const columns = range(size).map((i) => (i + shift) % size);
  return constant(columns, [size], "int32").oneHot(size);
}

/** Sum over units i != k of the square of a matrix [comparisons, units, units]: [comparisons]. */
export function offDiagonalSquares(matrix: Tensor): Tensor {
  return matrix
    .mul(shiftedIdentity(matrix.size(-1)).oneMinus())
    .square()
    .sum([1, 2]);
}
