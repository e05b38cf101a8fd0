/**
 * Predictive coding: values settle between what the layer below predicts and what the layer above needs, then weights follow.
 *
 *   F = 1/2 sum_l |e_l|^2 + pi E(z_L),   e_l = z_l - f(a_l),   a_l = W_l^T z_{l-1} + b_l,   z_0 the input
 *   inference:  z_l <- z_l - gamma dF/dz_l = z_l + gamma (W_{l+1} (f'(a_{l+1}) * e_{l+1}) - e_l),   at the top - pi dE/dz_L for the message
 *   learning:   dW_l = - (1/pi) dF/dW_l = (1/pi) <z_{l-1} (f'(a_l) * e_l)^T>
 *
 * z_l, e_l, a_l [batch, positions, out]; E is the energy of the output (`output-energy.ts`). Values start at the forward pass,
 * where all errors vanish. Two schedules: `settle` takes `steps` steps of all values at once and then changes all weights;
 * `exact` changes the weights of layer l after L - l steps, L counting the read-out, which with gamma = 1 is backpropagation
 * step for step: an error reaches one layer more at each step, while the values below are still those of the forward pass.
 * With `settle`, the update's direction becomes that of backpropagation as pi goes to 0 and inference to its end.
 * Source: Whittington and Bogacz 2017, in the form F = sum |z_l - f(W z_{l-1})|^2 of the public code jpc; Song, Lukasiewicz, Xu and
 * Bogacz 2020 (exact). Choices: the update is divided by pi, so that it keeps the units of the loss's gradient;
 * all weights of a step are those before it, also in `exact`, where the source changes them between steps. Inference is plain
 * descent of fixed length: it oscillates once gamma (1 + |W|^2) exceeds 2 for some layer's largest singular value |W|, so
 * that large weights want a smaller gamma; few and short steps already give each layer an error in the right direction.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import { activate, gate, patches, sendBack } from "../../networks/index.ts";
import { defineRule, descend, type Rule, type RuleCard, type Updates } from "../rule.ts";
import type { LayerView, Workspace } from "../workspace.ts";
import { outputEnergy, slopeAtTop } from "./output-energy.ts";

const fields = z.strictObject({
  schedule: z
    .enum(["settle", "exact"])
    .describe("all weights change after the last step, or those of layer l after L - l steps, L counting the read-out"),
  steps: z.int().positive().default(16).describe("schedule=settle: steps of inference; exact takes one per layer"),
  inferenceRate: z
    .number()
    .positive()
    .optional()
    .describe("gamma; left out, 0.05 with schedule=settle and 1 with exact, which is exact at 1 only"),
  precision: z.number().positive().default(0.1).describe("pi, weight of the output energy against the layers' errors"),
  energy: outputEnergy,
});
export type PredictiveCodingOptions = z.output<typeof fields>;

/** One layer during inference. */
interface Settling {
  readonly view: LayerView;
  /** z_{l-1} in patches. */
  readonly pre: Tensor;
  /** a_l */
  readonly drive: Tensor;
  /** z_l */
  readonly value: Tensor;
  /** e_l */
  readonly error: Tensor;
}

/** Predictions and errors at given values. */
function predict(workspace: Workspace, values: readonly Tensor[]): Settling[] {
  return workspace.layers.map((view, i) => {
    const [value, below] = [values[i], values[i - 1]];
    if (value === undefined) throw new Error(`internal: no value of layer ${view.index}`);
    const { layer } = view;
    const pre = below === undefined ? view.pre : patches(layer, below);
    // What the input predicts does not change.
    const drive = below === undefined ? view.preactivation : view.drive(pre);
    return { view, pre, drive, value, error: value.sub(activate(layer, drive)) };
  });
}

/** Values after one step of inference. */
function infer(workspace: Workspace, layers: readonly Settling[], options: PredictiveCodingOptions): Tensor[] {
  const rate = rateOf(options);
  return layers.map(({ view, value, error }, i) => {
    const above = layers[i + 1];
    const message = workspace.message(
      view.index,
      above === undefined
        ? slopeAtTop(workspace, value, options.energy).mul(-options.precision)
        : sendBack(
            above.view.layer,
            workspace.read("otherActivity", gate(above.view.layer, above.drive, above.error)),
            workspace.weightOf(above.view.index),
            value.shape,
          ),
    );
    return value.add(message.sub(error).mul(rate)).mark({ kind: "post", layer: view.index });
  });
}

function rateOf({ inferenceRate, schedule }: PredictiveCodingOptions): number {
  return inferenceRate ?? (schedule === "exact" ? 1 : 0.05);
}

function trace(workspace: Workspace, options: PredictiveCodingOptions): Updates {
  const depth = workspace.layers.length;
  const steps = options.schedule === "exact" ? depth : options.steps;
  let now = predict(
    workspace,
    workspace.layers.map((view) => view.post),
  );
  const gradients: Record<string, Tensor> = {};
  for (let step = 1; step <= steps; step++) {
    now = predict(workspace, workspace.read("secondPhase", infer(workspace, now, options)));
    for (const { view, pre, drive, error } of now) {
      const due = options.schedule === "exact" ? depth + 1 - view.index : steps;
      if (step !== due) continue;
      const delta = gate(view.layer, drive, error).mul(-1 / options.precision);
      Object.assign(gradients, descend(view, delta, workspace.batch, pre));
    }
  }
  return { gradients };
}

/** A schedule of the family, as a rule. */
function coding(
  card: Pick<RuleCard<PredictiveCodingOptions>, "id" | "aliases" | "equation" | "source" | "relation">,
  schedule: PredictiveCodingOptions["schedule"],
): Rule {
  return defineRule<PredictiveCodingOptions>(
    {
      ...card,
      family: "settling and targets",
      reads: [
        "pre",
        "post",
        "preactivation",
        "outputError",
        "secondPhase",
        "neighbour",
        "otherActivity",
        "otherWeight",
      ],
      options: fields.extend({ schedule: fields.shape.schedule.default(schedule) }),
    },
    trace,
  );
}

/** Values settle, then all weights change at once. */
export const predictiveCoding = coding(
  {
    id: "predictive-coding",
    aliases: ["pc"],
    equation: "dW_l = (1/pi) <z_{l-1} (f'(a_l) * e_l)^T>,  z_l <- z_l + gamma (W_{l+1} (f'(a_{l+1}) * e_{l+1}) - e_l)",
    source: "Whittington and Bogacz 2017",
    relation: "none",
  },
  "settle",
);

/** Inference at rate 1, in which the weights of a layer change when the error has just reached it: backpropagation. */
export const exactPredictiveCoding = coding(
  {
    id: "predictive-coding-exact",
    aliases: ["z-il"],
    equation: "dW_l = (1/pi) <z_{l-1} (f'(a_l) * e_l)^T> after L - l steps of inference with gamma = 1",
    source: "Song, Lukasiewicz, Xu and Bogacz 2020",
    relation: "equal",
  },
  "exact",
);
