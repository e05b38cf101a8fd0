/**
 * The family of Hebbian rules: what a unit learns by, and which way its weights then go.
 *
 * `activity` says what a unit takes for its output y when it learns, and what it learns by (y itself, or how it fared in a competition);
 * `change` is the equation of one synapse, written over samples with `outer` and `mean`, whose average < > is the one that the
 * option `reduction` chooses. A bias, where it learns, obeys the same equation with an input that is always 1.
 */
import { z } from "zod";
import { full, type Tensor } from "../../graph/index.ts";
import { correlate, type Grid, relaid } from "../../networks/index.ts";
import {
  chain,
  type Change,
  type LayerView,
  type NextValue,
  normalised,
  normaliseField,
  normPowerField,
  normRateField,
  plasticity,
  type Rule,
  type RuleCard,
  slowedNearUnitNorm,
  toUnitNorm,
  weightNormField,
  weightNormStepField,
  type Workspace,
} from "../contract/index.ts";

/** How steps of single samples become one change of a weight. */
export const reductionField = z
  .enum(["sum", "mean", "weighted"])
  .describe(
    "over the samples (and positions) a weight sees: their sum, their mean, or the mean weighted by how much the unit learns from each, so that samples a unit ignores do not dilute those it learns from",
  );
type Reduction = z.output<typeof reductionField>;

const shape = {
  reduction: reductionField,
  normalise: normaliseField,
  learnBias: z
    .boolean()
    .default(false)
    .describe("a bias learns as the weight of an input that is always 1; if not it keeps its value"),
  weightNorm: weightNormField,
  weightNormPower: normPowerField,
  weightNormStep: weightNormStepField,
  normRate: normRateField,
};
export type HebbianOptions = z.output<z.ZodObject<typeof shape>>;

/** The option fields of every rule of the family, with this rule's defaults. */
export function hebbianOptions(
  defaults: Partial<Pick<HebbianOptions, "reduction" | "normalise" | "weightNorm" | "normRate">> = {},
) {
  const { reduction = "mean", normalise = "none", weightNorm = "none", normRate = 0 } = defaults;
  return {
    ...shape,
    reduction: shape.reduction.default(reduction),
    normalise: shape.normalise.default(normalise),
    weightNorm: shape.weightNorm.default(weightNorm),
    normRate: shape.normRate.default(normRate),
  };
}

/** What a unit learns from, as samples [.., samples, out]. */
export interface Learning {
  /** x, the input of the synapses, where it is not `pre`: [.., samples, in]. */
  readonly pre?: Tensor;
  /** y */
  readonly post: Tensor;
  /** What it learns by, e.g. the outcome of a competition, where it is not y. */
  readonly by?: Tensor;
  /** 1 where a sample counts for a unit, 0 where it does not (a teacher chose others); all count when it is left out. */
  readonly counts?: Tensor | undefined;
  readonly next?: readonly NextValue[];
}

/** The synapses of a layer, in the symbols in which an equation is written. */
export interface Synapses {
  /** x [.., samples, in] */
  readonly pre: Tensor;
  /** y [.., samples, out] */
  readonly post: Tensor;
  /** What the units learn by; y where nothing else was said. [.., samples, out] */
  readonly by: Tensor;
  /** W as the units act with it, [.., in, out]. */
  readonly weight: Tensor;
  /** < a b^T > of a [.., samples, n] and a signal b of the units [.., samples, out]: [.., n, out]. */
  readonly outer: (a: Tensor, b: Tensor) => Tensor;
  /** < b >, [.., 1, out] */
  readonly mean: (b: Tensor) => Tensor;
}

/** A rule of the family. */
export function hebbian<Schema extends z.ZodType<HebbianOptions>>(
  card: Omit<RuleCard<Schema>, "family" | "relation"> & {
    readonly activity: (view: LayerView, options: z.output<Schema>, workspace: Workspace) => Learning;
    readonly change: (synapses: Synapses, options: z.output<Schema>) => Tensor;
    /** False where a bias has nothing to learn, whatever `learnBias` says. */
    readonly biasLearns?: boolean;
  },
): Rule<z.input<Schema>> {
  const { activity, change, biasLearns = true } = card;
  return plasticity<Schema>({
    ...card,
    family: "hebbian",
    relation: "none",
    change: (view, options, workspace): Change => {
      const learning = activity(view, options, workspace);
      const raw = {
        weight: change(synapsesOf(view, learning, options.reduction), options),
        bias: biasLearns && options.learnBias ? biasChange(view, learning, options, change) : undefined,
      };
      const { weightNormPower: power } = options;
      const variant = chain(
        normalised(options.normalise),
        slowedNearUnitNorm(options.normRate, power),
        ...(options.weightNorm === "unit" ? [toUnitNorm(power, options.weightNormStep)] : []),
      );
      return { ...variant(raw, view), next: learning.next ?? [] };
    },
  });
}

function synapsesOf(view: LayerView, { pre = view.pre, ...units }: Learning, reduction: Reduction): Synapses {
  return { ...averaged(units, reduction), pre, weight: view.weight };
}

/** Signals of the units, and the average < > over their samples. */
function averaged(
  { post, by = post, counts }: Omit<Learning, "pre">,
  reduction: Reduction,
): Omit<Synapses, "pre" | "weight"> {
  const share = sharesOf(by, counts, reduction);
  const counted = (b: Tensor): Tensor => (share === undefined ? b : b.mul(share));
  const size = reduction === "mean" ? 1 / post.size(-2) : 1;
  return {
    post,
    by,
    outer: (a, b) => correlate(a, counted(b).mul(size)),
    mean: (b) => counted(b).mul(size).sum(-2, { keepdims: true }),
  };
}

/** How much each sample counts for each unit; undefined where all count alike. */
function sharesOf(by: Tensor, counts: Tensor | undefined, reduction: Reduction): Tensor | undefined {
  if (reduction !== "weighted") return counts;
  const size = counts === undefined ? by.abs() : by.mul(counts).abs();
  const total = size.sum(-2, { keepdims: true });
  // A unit that no sample opens keeps its weights.
  return size.div(total.equal(0).where(1, total));
}

/** The bias as a weight of an input that is always 1. It need not be shared over positions as the weight is. */
function biasChange<Options extends HebbianOptions>(
  view: LayerView,
  { post, by, counts }: Learning,
  options: Options,
  change: (synapses: Synapses, options: Options) => Tensor,
): Tensor | undefined {
  const { bias, layer } = view;
  if (bias === undefined) return undefined;
  const grid: Grid = { positions: layer.positions, shared: layer.bias === "shared" };
  const laidOut = (x: Tensor): Tensor => relaid(layer, grid, x);
  const units = {
    post: laidOut(post),
    ...(by === undefined ? {} : { by: laidOut(by) }),
    counts: counts && laidOut(counts),
  };
  const synapses = {
    ...averaged(units, options.reduction),
    pre: full(1, [...units.post.shape.slice(0, -1), 1]),
    weight: grid.shared ? bias : bias.expand(1),
  };
  return change(synapses, options).reshape(bias.shape);
}
