/**
 * Hebbian learning the slow way: one step per sample, position and synapse, in plain numbers. The oracle for the kernel.
 *
 * An equation gives, for one sample at one position, the gate of every unit and the reconstruction of one input by every unit,
 * from the weights that join that input to the units.
 */
import type { LayerValues } from "../testing/rule-cases.contract.ts";

/** One sample at one position, in the symbols of the equations. */
export interface Site {
  readonly x: readonly number[];
  readonly u: readonly number[];
  readonly h: readonly number[];
  /** Weights as the units act with them: [input][unit]. */
  readonly w: readonly (readonly number[])[];
  readonly sample: number;
  readonly position: number;
}

type Nested = number | readonly Nested[];
const flatOf = (nested: Nested): number[] => (typeof nested === "number" ? [nested] : nested.flatMap(flatOf));

export interface NaiveStep {
  readonly g: readonly number[];
  /** Reconstruction of an input by every unit, from its weights to the units. */
  readonly hat: (row: readonly number[]) => readonly number[];
  /** The input, where it is not x. */
  readonly x?: readonly number[];
}

export type Equation = (site: Site, values: LayerValues) => NaiveStep;

export interface NaiveOptions {
  readonly reduction?: "sum" | "mean" | "weighted";
  readonly normalise?: "none" | "max" | "fan-in";
  readonly normRate?: number;
  readonly weightNorm?: boolean;
  readonly power?: number;
  readonly step?: number;
  readonly learnBias?: boolean;
}

export const none = (row: readonly number[]): number[] => row.map(() => 0);
export const own =
  (r: readonly number[]) =>
  (row: readonly number[]): number[] =>
    row.map((w, k) => r[k]! * w);
export const all =
  (r: readonly number[]) =>
  (row: readonly number[]): number[] =>
    row.map(() => row.reduce((sum, w, j) => sum + r[j]! * w, 0));
export const ordered =
  (r: readonly number[]) =>
  (row: readonly number[]): number[] =>
    row.map((_, k) => row.reduce((sum, w, j) => (j <= k ? sum + r[j]! * w : sum), 0));

/** dW and db of a layer, flat in the order of the parameter. */
export function naiveChange(
  values: LayerValues,
  equation: Equation,
  options: NaiveOptions = {},
): { readonly weight: number[]; readonly bias: number[] | undefined } {
  const { layer, pre, preactivation, post } = values;
  const acting = values.weight.map((m) => m.map((row) => row.map((w) => w * layer.scale)));
  const steps = pre.map((sample, b) =>
    sample.map((x, p) => {
      const site = { x, u: preactivation[b]![p]!, h: post[b]![p]!, w: acting[p]!, sample: b, position: p };
      return { x, ...equation(site, values) };
    }),
  );
  const units = Array.from({ length: layer.outFeatures }, (_, k) => k);
  const inputs = Array.from({ length: layer.inFeatures }, (_, i) => i);

  /** Sum over the samples and positions of one group, each step with its coefficient in the reduction. */
  const reduced = (
    shared: boolean,
    group: number,
    step: (b: number, p: number, k: number) => number,
    k: number,
  ): number => {
    const members = steps
      .flatMap((row, b) => row.map((_, p) => [b, p] as const))
      .filter(([, p]) => shared || p === group);
    const gateOf = ([b, p]: readonly [number, number]): number => Math.abs(steps[b]![p]!.g[k]!);
    const total = members.reduce((sum, member) => sum + gateOf(member), 0);
    const coefficient = (member: readonly [number, number]): number => {
      if (options.reduction === "sum") return 1;
      if (options.reduction === "weighted") return total === 0 ? 0 : gateOf(member) / total;
      return 1 / members.length;
    };
    return members.reduce((sum, [b, p]) => sum + coefficient([b, p]) * step(b, p, k), 0);
  };
  const groups = (shared: boolean): number[] => (shared ? [0] : pre[0]!.map((_, p) => p));

  let weight = groups(layer.shared).map((group) =>
    inputs.map((i) =>
      units.map((k) => {
        const step = (b: number, p: number): number => {
          const { x, g, hat } = steps[b]![p]!;
          return g[k]! * (x[i]! - hat(acting[p]![i]!)[k]!);
        };
        return reduced(layer.shared, group, step, k);
      }),
    ),
  );
  let bias =
    options.learnBias === true && layer.bias !== "none"
      ? groups(layer.bias === "shared").map((group) =>
          units.map((k) => {
            const step = (b: number, p: number): number => {
              const { g, hat } = steps[b]![p]!;
              return g[k]! * (1 - hat(values.bias[p]!)[k]!);
            };
            return reduced(layer.bias === "shared", group, step, k);
          }),
        )
      : undefined;

  let size = 1;
  if (options.normalise === "max") size = Math.max(...[...flatOf(weight), ...flatOf(bias ?? [])].map(Math.abs)) + 1e-30;
  if (options.normalise === "fan-in") size = Math.sqrt(layer.inFeatures);
  weight = weight.map((m) => m.map((row) => row.map((change) => change / size)));
  bias = bias?.map((row) => row.map((change) => change / size));

  const power = options.power ?? 2;
  const norm = (m: readonly (readonly number[])[], k: number): number =>
    m.reduce((sum, row) => sum + Math.abs(row[k]!) ** power, 0) ** (1 / power);
  const { normRate = 0, step = 1 } = options;
  if (normRate > 0) {
    weight = weight.map((m, g) =>
      m.map((row) => row.map((change, k) => change * Math.abs(norm(acting[g]!, k) - 1) ** normRate)),
    );
  }
  if (options.weightNorm === true) {
    weight = weight.map((m, g) => {
      const old = values.weight[g]!;
      const moved = m.map((row, i) => row.map((change, k) => old[i]![k]! + step * change));
      return moved.map((row, i) => row.map((w, k) => (w / (norm(moved, k) * layer.scale) - old[i]![k]!) / step));
    });
  }
  return { weight: flatOf(weight), bias: bias === undefined ? undefined : flatOf(bias) };
}
