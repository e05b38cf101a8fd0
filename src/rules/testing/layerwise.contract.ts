/**
 * Holds a layerwise rule to its objective: a test writes the loss of one layer as plain loops over numbers, and the traced
 * rule's objective and pseudo-gradients must be that loss and its derivatives, found by differences, in every parameter and
 * head of every layer. What lies below a layer, and what other layers keep, does not move.
 */
import { expect } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import type { Layer } from "../../networks/index.ts";
import {
  type Cube,
  cube,
  drawFeeds,
  type Evaluation,
  evaluate,
  type NetworkCase,
  networkCase,
  rows,
  siblingsOf,
  trace,
  type Traced,
} from "./rule-cases.contract.ts";
import type { PairKind } from "../../tasks/index.ts";

/** Dense, tree and locally connected layers, with and without bias, of odd widths; the first dense case has one layer. */
export const objectiveCases: readonly NetworkCase[] = [
  networkCase("mlp", { symbols: 4, vocabulary: 2, widths: [5, 3] }),
  networkCase("mlp", { symbols: 4, vocabulary: 2, activation: "tanh", parametrisation: "mean-field", bias: "shared" }),
  networkCase("tree-cnn", { symbols: 8 }),
  networkCase("tree-cnn", { symbols: 4, activation: "tanh", parametrisation: "mean-field", bias: "shared" }),
  networkCase("tree-cnn", { symbols: 4, bias: "per-position" }),
  networkCase("locally-connected", { symbols: 4 }),
  networkCase("locally-connected", { symbols: 4, parametrisation: "mean-field", bias: "per-position" }),
];

/** One of each architecture: where what is tested does not depend on activation and bias. */
export const fewObjectiveCases: readonly NetworkCase[] = objectiveCases.filter((_, i) => i % 3 === 0);

/** A layer's activity for both inputs, [batch][position][unit]. */
interface Side {
  readonly preactivation: Cube;
  readonly post: Cube;
}

/** A layer's activity in all passes that its pair may come from. */
interface Sides {
  readonly own: Side;
  readonly partner: Side;
  readonly halves: readonly [Side, Side];
}

/** What a naive loss sees of one layer. */
export interface LayerNumbers {
  readonly layer: Layer;
  /** This layer's own activity, which moves with its parameters. */
  readonly own: Side;
  /** For the partner's input; empty where the rule has none. */
  readonly partner: Side;
  /** For each half of the input, with pair=context where the layer has one position; else empty. */
  readonly halves: readonly [Side, Side];
  /** The same while no parameter is moved: for constants of the loss. */
  readonly still: Sides;
  /** Positions that the layer above sees in one patch. */
  readonly siblings: number;
  /** Row-major matrix of a head, fixed value or parameter, by its full name. */
  readonly matrix: (name: string, columns: number) => number[][];
  readonly labels: readonly number[];
  readonly classes: number;
  readonly evaluation: Evaluation;
}

/** Measures objective and pseudo-gradients of `spec` on `network` against `loss`; undefined from `loss` means that this layer must not learn. */
export function expectObjective(
  spec: { readonly id: string; readonly [option: string]: unknown },
  network: NetworkCase,
  loss: (numbers: LayerNumbers) => number | undefined,
  { batch = 3, seed = 1 } = {},
): { readonly traced: Traced; readonly evaluation: Evaluation } {
  const traced = trace(network, spec, batch);
  const feeds = drawFeeds(traced, seed);
  const evaluation = evaluate(traced, feeds);
  let learning = 0;
  for (const { layer, pre, partner, halves } of evaluation.layers) {
    const prefix = `${layer.name}.`;
    const values: Record<string, number[]> = Object.fromEntries(
      Object.entries(feeds).map(([name, list]) => [name, [...list]]),
    );
    const side = (patches: Cube): Side => run(layer, patches, values[`${prefix}weight`]!, values[`${prefix}bias`]);
    const sides = (): Sides => ({
      own: side(pre),
      partner: side(partner?.pre ?? []),
      halves: [side(halves?.[0].pre ?? []), side(halves?.[1].pre ?? [])],
    });
    const still = sides();
    const now = (): number | undefined =>
      loss({
        layer,
        ...sides(),
        still,
        siblings: siblingsOf(network.network, layer),
        matrix: (name, columns) => rows(values[name]!, columns),
        labels: feeds["labels"]!,
        classes: network.network.readout.classes,
        evaluation,
      });
    const own = Object.keys(evaluation.gradients).filter((name) => name.startsWith(prefix));
    const value = now();
    if (value === undefined) {
      expect(own, `${network.name}: ${prefix}* should not learn`).toEqual([]);
      continue;
    }
    learning += own.length;
    expect(own).toContain(`${prefix}weight`);
    expect(own.includes(`${prefix}bias`)).toBe(layer.bias !== "none");
    const found = evaluation.objectives[`${prefix}objective`]!;
    expect(relativeError([found], [value]), `${network.name}: ${prefix}objective ${found}, not ${value}`).toBeLessThan(
      1e-9,
    );
    for (const name of own) {
      const list = values[name]!;
      // All of a small parameter; of a large one, elements spread by the golden ratio over rows and columns.
      const spread = list.map((_, k) => Math.floor(((k * 0.6180339887498949) % 1) * list.length));
      const places = list.length <= 36 ? list.map((_, i) => i) : [...new Set(spread.slice(0, 30))];
      const slopes = numericalGradient(() => now()!, list, places);
      const error = relativeError(
        places.map((i) => evaluation.gradients[name]![i]!),
        slopes,
      );
      expect(error, `${network.name}: pseudo-gradient of ${name}`).toBeLessThan(1e-6);
    }
  }
  expect(Object.keys(evaluation.gradients)).toHaveLength(learning);
  return { traced, evaluation };
}

/** Derivative of `loss` by elements of `values`, which it reads and which are moved and put back: central differences of fourth order. */
function numericalGradient(loss: () => number, values: number[], places: readonly number[], step = 2e-5): number[] {
  return places.map((i) => {
    const value = values[i]!;
    const at = (t: number): number => {
      values[i] = value + t * step;
      const result = loss();
      values[i] = value;
      return result;
    };
    return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step);
  });
}

/** a = scale * pre . W + b, h = f(a), by plain loops. */
function run(layer: Layer, pre: Cube, weight: readonly number[], bias: readonly number[] | undefined): Side {
  const { positions, inFeatures, outFeatures, shared, scale } = layer;
  const matrices = cube(weight, [shared ? 1 : positions, inFeatures, outFeatures]);
  const offsets = rows(bias ?? [], outFeatures);
  const preactivation = pre.map((sample) =>
    sample.map((patch, p) => {
      const matrix = matrices[shared ? 0 : p]!;
      const units = (offsets[p] ?? offsets[0])?.slice() ?? new Array<number>(outFeatures).fill(0);
      for (let i = 0; i < inFeatures; i++)
        for (let j = 0; j < outFeatures; j++) units[j]! += scale * patch[i]! * matrix[i]![j]!;
      return units;
    }),
  );
  const f = { relu: (a: number) => Math.max(a, 0), tanh: Math.tanh, linear: (a: number) => a }[layer.activation];
  return { preactivation, post: preactivation.map((sample) => sample.map((units) => units.map(f))) };
}

/** The pair of `kind` at a layer laid out as [comparison][sample][feature], by the definition of each kind. */
export function naivePair(
  { own, partner, halves, siblings }: Sides & Pick<LayerNumbers, "siblings">,
  kind: PairKind,
  positions: "each" | "together",
  of: "post" | "preactivation" = "post",
): { readonly here: Cube; readonly there: Cube } {
  const x = own[of];
  const withPartner = (): [Cube, Cube] => [x, partner[of]];
  const ofUnits = (first: number, last: number): Cube =>
    x.map((sample) => sample.map((units) => units.slice(first * units.length, last * units.length)));
  // Positions whose next one is seen with them in a patch of the layer above.
  const hasNext = (p: number): boolean => p % siblings < siblings - 1;
  const sides = {
    "same-class": withPartner,
    shuffled: withPartner,
    resample: withPartner,
    noise: withPartner,
    dropout: withPartner,
    context: (): [Cube, Cube] =>
      siblings < 2
        ? [halves[0][of], halves[1][of]]
        : [
            x.map((sample) => sample.filter((_, p) => hasNext(p))),
            x.map((sample) => sample.filter((_, p) => p > 0 && hasNext(p - 1))),
          ],
    halves: (): [Cube, Cube] => [ofUnits(0, 0.5), ofUnits(0.5, 1)],
  }[kind]();
  const [here, there] = sides.map((side) =>
    positions === "together"
      ? [side.map((sample) => sample.flat())]
      : side[0]!.map((_, p) => side.map((sample) => sample[p]!)),
  ) as [Cube, Cube];
  return { here, there };
}

/** x . W for rows of x [samples][in], W [in][out]. */
export function times(x: readonly (readonly number[])[], w: readonly (readonly number[])[]): number[][] {
  return x.map((row) => {
    const out = new Array<number>(w[0]!.length).fill(0);
    for (let i = 0; i < row.length; i++) for (let j = 0; j < out.length; j++) out[j]! += row[i]! * w[i]![j]!;
    return out;
  });
}

/** Sum of products of two lists. */
export function inner(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Average of a list. */
export function mean(list: readonly number[]): number {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}

/** log sum exp of a list. */
export function logSumExp(list: readonly number[]): number {
  const top = Math.max(...list);
  return top + Math.log(list.reduce((sum, value) => sum + Math.exp(value - top), 0));
}
