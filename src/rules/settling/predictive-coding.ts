/**
 * Predictive coding: values settle between what the layer below predicts and what the layer above needs, then weights follow.
 *
 * Values start at the forward pass, where all errors vanish. Two schedules: `settle` takes `steps` steps of all values at once and then
 * changes all weights; `exact` changes the weights of layer l after L - l steps, L counting the read-out, which with gamma = 1 is
 * backpropagation step for step: an error reaches one layer more at each step, while the values below are still those of the
 * forward pass. With `settle`, the update's direction becomes that of backpropagation as pi goes to 0 and inference to its end.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import {
  defineRule,
  type LayerView,
  type Rule,
  type RuleCard,
  type Slope,
  type Updates,
  type Workspace,
} from "../contract/index.ts";
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
const optionsWith = (schedule: PredictiveCodingOptions["schedule"]) =>
  fields.extend({ schedule: fields.shape.schedule.default(schedule) });

/** One layer during inference. In `exact` an error is the shift itself where it is all of it: the difference of two values would drown in their rounding. */
interface Settling {
  readonly view: LayerView;
  /** z_{l-1} as the layer sees it. */
  readonly pre: Tensor;
  /** a_l */
  readonly drive: Tensor;
  /** z_l less the activity of the forward pass; undefined while they are the same. */
  readonly shift: Tensor | undefined;
  /** e_l; undefined while there is none. */
  readonly error: Tensor | undefined;
}

/** z_l */
function valueOf({ view, shift }: Pick<Settling, "view" | "shift">): Tensor {
  return shift === undefined ? view.post : view.post.add(shift);
}

/** Predictions and errors at given values. */
function predict(workspace: Workspace, shifts: readonly (Tensor | undefined)[], exact: boolean): Settling[] {
  return workspace.layers.map((view, i) => {
    const [shift, below] = [shifts[i], shifts[i - 1]];
    // What has not changed predicts what it did in the forward pass.
    if (below === undefined || view.below === undefined) {
      const error = exact || shift === undefined ? shift : valueOf({ view, shift }).sub(view.post);
      return { view, pre: view.pre, drive: view.preactivation, shift, error };
    }
    const pre = view.receive(valueOf({ view: view.below, shift: below }));
    const drive = view.drive(pre);
    return { view, pre, drive, shift, error: valueOf({ view, shift }).sub(view.activate(drive)) };
  });
}

/** z_l - z_l of the forward pass, after one step of inference. */
function infer(
  workspace: Workspace,
  layers: readonly Settling[],
  options: PredictiveCodingOptions,
): (Tensor | undefined)[] {
  const rate = rateOf(options);
  return layers.map((here, i) => {
    const { shift, error } = here;
    const message = messageFrom(layers[i + 1], here, workspace, options);
    // At rate 1 a layer whose prediction has not changed goes where the message says.
    if (rate === 1 && shift === error) return message;
    const pull = message === undefined ? error?.neg() : error === undefined ? message : message.sub(error);
    if (pull === undefined) return shift;
    return shift === undefined ? pull.mul(rate) : shift.add(pull.mul(rate));
  });
}

/** What the layer above asks for. */
function messageFrom(
  above: Settling | undefined,
  here: Settling,
  workspace: Workspace,
  { precision, energy }: PredictiveCodingOptions,
): Tensor | undefined {
  if (above === undefined) return slopeAtTop(workspace, valueOf(here), energy).mul(-precision);
  return above.error && above.view.sendBack(above.view.gate(above.error, above.drive));
}

function rateOf({ inferenceRate, schedule }: PredictiveCodingOptions): number {
  return inferenceRate ?? (schedule === "exact" ? 1 : 0.05);
}

function trace(workspace: Workspace, options: PredictiveCodingOptions): Updates {
  const depth = workspace.layers.length;
  const exact = options.schedule === "exact";
  const steps = exact ? depth : options.steps;
  let now = predict(workspace, [], exact);
  const slopes: Slope[] = [];
  for (let step = 1; step <= steps; step++) {
    now = predict(workspace, infer(workspace, now, options), exact);
    for (const { view, pre, drive, error } of now) {
      const due = exact ? depth + 1 - view.index : steps;
      if (step !== due) continue;
      const delta = error ?? view.post.mul(0);
      slopes.push(...view.descend(view.gate(delta, drive).mul(-1 / options.precision), pre));
    }
  }
  return { slopes };
}

const words = {
  family: "settling and targets",
  symbols:
    "F = 1/2 sum_l |e_l|^2 + pi E(z_L) the energy, e_l = z_l - f(a_l) the errors, a_l = W_l^T z_{l-1} + b_l, z_0 the input; gamma the rate of inference; at the " +
    "top the message is - pi dE/dz_L, E the energy of the output",
} as const;
const choices =
  "The update is divided by pi, so that it keeps the units of the loss's gradient; all weights of a step are those before it, also in `exact`, where the source " +
  "changes them between steps. Inference is plain descent of fixed length: it oscillates once gamma (1 + |W|^2) exceeds 2 for some layer's largest singular value |W|, so " +
  "that large weights want a smaller gamma; few and short steps already give each layer an error in the right direction.";

/** A schedule of the family, as a rule. */
function coding(
  card: Pick<RuleCard, "id" | "aliases" | "equation" | "source" | "relation" | "reads">,
  schedule: PredictiveCodingOptions["schedule"],
): Rule<z.input<ReturnType<typeof optionsWith>>> {
  return defineRule({ ...card, ...words, choices, options: optionsWith(schedule) }, trace);
}

/** Values settle, then all weights change at once. */
export const predictiveCoding = coding(
  {
    id: "predictive-coding",
    aliases: ["pc"],
    equation: "dW_l = (1/pi) <z_{l-1} (f'(a_l) * e_l)^T>,  z_l <- z_l + gamma (W_{l+1} (f'(a_{l+1}) * e_{l+1}) - e_l)",
    source: "Whittington and Bogacz 2017, in the form F = sum |z_l - f(W z_{l-1})|^2 of the public code jpc",
    relation: "none",
    reads: ["pre", "post", "preactivation", "outputError", "secondPhase", "neighbour", "otherActivity", "otherWeight"],
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
    reads: ["pre", "preactivation", "outputError", "neighbour", "otherActivity", "otherWeight"],
  },
  "exact",
);
