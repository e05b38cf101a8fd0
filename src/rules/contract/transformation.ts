/**
 * Variants of a change: functions from a change to a change, composed like the transformations of optax. Each comes with the options
 * that set it, so that a rule's options are those of its transformations spread into one strict object.
 *
 * They do what their sources say under plain SGD; Adam rescales every change once more, weight by weight.
 */
import { z } from "zod";
import type { Tensor } from "../../graph/index.ts";
import type { LayerView } from "./layer-view.ts";
import type { Change } from "./plasticity.ts";

/** A change of a layer's weight and bias made another one. */
export type Transformation = (change: Change, view: LayerView) => Change;

/** One transformation after another, the first first. */
export function chain(...transformations: readonly Transformation[]): Transformation {
  return (change, view) => transformations.reduce((changed, transform) => transform(changed, view), change);
}

/** The change of the weight alone transformed. */
export function ofWeight(transform: (weight: Tensor, view: LayerView) => Tensor): Transformation {
  return (change, view) => ({ ...change, weight: transform(change.weight, view) });
}

/** What a layer's change is divided by. */
export const normaliseField = z
  .enum(["none", "max", "fan-in"])
  .describe(
    "what the layer's change is divided by: nothing, its own largest absolute value (Krotov and Hopfield 2019), or the root of the fan-in",
  );

/** Divides a layer's change by its own largest element, or by the root of the number of inputs. */
export function normalised(by: z.output<typeof normaliseField>): Transformation {
  return (change, view) => {
    if (by === "none") return change;
    const { weight, bias } = change;
    const size =
      by === "fan-in" ? Math.sqrt(view.layer.inFeatures) : largest(bias === undefined ? [weight] : [weight, bias]);
    return { ...change, weight: weight.div(size), bias: bias?.div(size) };
  };
}

/** The largest absolute value, plus 1e-30 as in the public code of SoftHebb and GHL: a scalar. */
export function largest(tensors: readonly Tensor[]): Tensor {
  return tensors
    .map((tensor) => tensor.abs().max())
    .reduce((a, b) => a.maximum(b))
    .add(1e-30);
}

export const normPowerField = z.number().min(1).default(2).describe("p of the Lp norm of weightNorm and normRate");
export const normRateField = z
  .number()
  .min(0)
  .describe("a unit's change is multiplied by |norm of its weights - 1| to this power (0.5 in SoftHebb); 0 is off");

/** Lp norm of every unit's weights [.., in, out]: [.., 1, out]. */
export function unitNorms(weight: Tensor, power: number): Tensor {
  if (power === 2) return weight.square().sum(-2, { keepdims: true }).sqrt();
  return weight
    .abs()
    .pow(power)
    .sum(-2, { keepdims: true })
    .pow(1 / power);
}

/** Units whose weights have nearly unit norm learn slowly. */
export function slowedNearUnitNorm(rate: number, power: number): Transformation {
  if (rate === 0) return (change) => change;
  return ofWeight((weight, view) => weight.mul(unitNorms(view.weight, power).sub(1).abs().pow(rate)));
}

export const weightNormField = z
  .enum(["none", "unit"])
  .describe(
    "unit: the change leads to weights whose norm is 1 for every unit, W' = W + rate * (normalised(W + step * dW) - W) / step: with SGD at rate = step, normalising after each step",
  );
export const weightNormStepField = z
  .number()
  .positive()
  .default(1)
  .describe("the step of weightNorm; weights stay bounded at rates up to it");

/** Replaces a change by the one that leads, at rate `step`, to weights of unit norm. */
export function toUnitNorm(power: number, step: number): Transformation {
  return ofWeight((change, view) => {
    const { weight } = view.stored;
    const moved = weight.add(change.mul(step));
    const norms = unitNorms(moved, power).mul(view.layer.scale);
    return moved
      .div(norms.equal(0).where(1, norms))
      .sub(weight)
      .mul(1 / step);
  });
}
