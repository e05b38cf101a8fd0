/**
 * Hebbian learning with global direction (GHL): the true gradient gives the sign of a change, a Hebbian rule its size. Since every
 * weight moves against its derivative, it is a descent direction; but the sign is that of backpropagation, weight transport and
 * all, and only the size of the step is local. The controls keep the sign and replace the size.
 */
import { z } from "zod";
import { full, sizeOf, type Tensor } from "../../graph/index.ts";
import {
  defineRule,
  largest,
  type LayerView,
  type Rule,
  type RuleCard,
  RuleError,
  type Slope,
  type Workspace,
} from "../contract/index.ts";
import { backprop } from "../feedback/feedback.ts";

const magnitudes = ["hebbian", "one", "random", "permuted"] as const;
type Magnitude = (typeof magnitudes)[number];

const fields = z.strictObject({
  magnitude: z
    .enum(magnitudes)
    .describe(
      "size of each weight's change: |H|, 1, a uniform number in [0, 1) drawn at each step, or |H| in random order",
    ),
  inverseTemperature: z
    .union([z.number().positive(), z.array(z.number().positive()).min(1)])
    .default(1)
    .describe("t, one number or one for each layer"),
});
export type GlobalDirectionOptions = z.output<typeof fields>;
const optionsWith = (magnitude: Magnitude) => fields.extend({ magnitude: fields.shape.magnitude.default(magnitude) });

/** |H|, in the shape of the weight; its largest element is 1. */
function hebbianSize({ pre: x, preactivation: u, weight: W, outer, mean }: LayerView, t: number): Tensor {
  const y = u.mul(t).softmax(-1);
  // A mean in the place of the sum: the division by the largest leaves no trace of it.
  const H = outer(x, y).sub(W.mul(mean(y.mul(u))));
  return H.div(largest([H])).abs();
}

function sizeOfChange(view: LayerView, options: GlobalDirectionOptions, workspace: Workspace): Tensor {
  const { shape } = view.stored.weight;
  const count = sizeOf(shape);
  switch (options.magnitude) {
    case "hebbian":
      return hebbianSize(view, temperatureOf(workspace, view, options));
    case "one":
      return full(1, shape);
    case "random":
      return view.noise("magnitude", "weight", "uniform");
    case "permuted": {
      const order = view.noise("magnitude", [count], "permutation").cast("int32");
      return hebbianSize(view, temperatureOf(workspace, view, options))
        .reshape([count])
        .gather(order)
        .reshape(shape);
    }
    default:
      return options.magnitude satisfies never;
  }
}

function temperatureOf(
  workspace: Workspace,
  view: LayerView,
  { inverseTemperature: t }: GlobalDirectionOptions,
): number {
  if (typeof t === "number") return t;
  const own = t[view.index - 1];
  if (own === undefined || t.length !== workspace.layers.length) {
    throw new RuleError(
      `rule.inverseTemperature: expected one number or ${workspace.layers.length}, one for each layer, got ${t.length}`,
    );
  }
  return own;
}

export function globalDirection(
  card: Pick<RuleCard, "id" | "aliases" | "equation" | "symbols" | "source" | "choices" | "reads">,
  magnitude: Magnitude,
): Rule<z.input<ReturnType<typeof optionsWith>>> {
  return defineRule(
    { ...card, family: "global direction", relation: "descent direction", options: optionsWith(magnitude) },
    (workspace, options) => ({
      slopes: backprop.trace(workspace, backprop().options).slopes.map((slope): Slope => {
        const { parameter, gradient } = slope;
        const view = workspace.layers.find(({ layer }) => layer === parameter.owner);
        if (parameter.kind !== "weight" || view === undefined) return slope;
        return { parameter, gradient: sizeOfChange(view, options, workspace).mul(gradient.sign()) };
      }),
    }),
  );
}

/** GHL: the sign of the gradient, the size of a soft-WTA Oja change. */
export const ghl = globalDirection(
  {
    id: "ghl",
    equation: "dW = - |H| * sign(dLoss/dW),  H = (sum y x - (sum y u) W) / (max |.| + 1e-30),  y = softmax_k(t u)",
    symbols:
      "x the input, u the drive; y over the units of each sample; sums over batch and positions, one maximum for the layer; elementwise, sign(0) = 0; a " +
      "bias takes its plain gradient, as parameters that are not Hebbian do in the source",
    source: "Hua et al. 2026 (arXiv 2601.21367) as its public code computes it: huawjcn/GHL, HebbConv2d.py",
    reads: [
      "pre",
      "preactivation",
      "weight",
      "lateral",
      "batch",
      "outputError",
      "neighbour",
      "otherActivity",
      "otherWeight",
      "otherInput",
      "positions",
    ],
  },
  "hebbian",
);

/** The control |H| = 1: descent along the sign of the gradient. */
export const signSgd = globalDirection(
  {
    id: "sign-sgd",
    aliases: ["signsgd"],
    equation: "dW = - sign(dLoss/dW)",
    source: "Bernstein et al. 2018",
    reads: ["pre", "preactivation", "batch", "outputError", "neighbour", "otherActivity", "otherWeight", "positions"],
  },
  "one",
);

/** The control in which |H| is replaced by uniform random numbers. */
export const ghlRandomMagnitude = globalDirection(
  {
    id: "ghl-random-magnitude",
    equation: "dW = - r * sign(dLoss/dW),  r uniform in [0, 1)",
    source: "control of ghl",
    reads: [
      "pre",
      "preactivation",
      "batch",
      "outputError",
      "noise",
      "neighbour",
      "otherActivity",
      "otherWeight",
      "positions",
    ],
  },
  "random",
);

/** The control in which the layer's |H| is dealt to its weights at random. */
export const ghlPermutedMagnitude = globalDirection(
  {
    id: "ghl-permuted-magnitude",
    equation: "dW = - permuted |H| * sign(dLoss/dW)",
    source: "control of ghl",
    reads: [
      "pre",
      "preactivation",
      "weight",
      "lateral",
      "batch",
      "outputError",
      "noise",
      "neighbour",
      "otherActivity",
      "otherWeight",
      "otherInput",
      "positions",
    ],
  },
  "permuted",
);
