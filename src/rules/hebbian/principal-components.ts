/**
 * Rules that find principal components: a unit learns what the reconstruction by itself, by all units, or by those before it leaves
 * of the input. With y the drive, the linear unit of the theorems, convergence holds in expectation at small rates; the option
 * `activity` gives the nonlinear forms.
 */
import { z } from "zod";
import { constant, range, type Tensor } from "../../graph/index.ts";
import { activityOf, activityOptions } from "./activity.ts";
import { hebbian, hebbianOptions, type Synapses } from "./hebbian.ts";

const symbols = "x the input, y = u the drive of the unit, w_k the weights of unit k; < > the mean over samples";
const options = z.strictObject({ ...hebbianOptions(), ...activityOptions("preactivation") });

/** Oja's rule: a linear unit's weights converge to the first principal component, with unit norm. */
export const oja = hebbian({
  id: "oja",
  equation: "dW_k = < y_k (x - y_k w_k) >",
  symbols,
  source: "Oja 1982, eq. 3",
  reads: ["pre", "preactivation", "weight"],
  options,
  activity: activityOf,
  change: ({ pre: x, post: y, weight: W, outer, mean }) => outer(x, y).sub(W.mul(mean(y.square()))),
});

/** Oja's subspace rule: W becomes an orthonormal basis of the leading principal subspace. */
export const ojaSubspace = hebbian({
  id: "oja-subspace",
  equation: "dW_k = < y_k (x - sum_j y_j w_j) >",
  symbols,
  source: "Oja 1989",
  reads: ["pre", "preactivation", "weight", "lateral"],
  options,
  activity: activityOf,
  change: ({ pre: x, post: y, weight: W, outer }) => outer(x, y).sub(W.matmul(outer(y, y))),
});

/** < y_k (x - sum_{j <= k} y_j w_j) > */
const ordered = ({ pre: x, post: y, weight: W, outer }: Synapses): Tensor =>
  outer(x, y).sub(W.matmul(outer(y, y).mul(upTo(y.size(-1)))));

/** 1 where j <= k: unit k is told of itself and of the units before it. */
function upTo(units: number): Tensor {
  const k = constant(range(units), [1, units]);
  return k.reshape([units, 1]).lessEqual(k).where(1, 0);
}

/** Sanger's generalised Hebbian algorithm: unit k converges to principal component k, up to sign. */
export const sanger = hebbian({
  id: "sanger",
  aliases: ["gha"],
  equation: "dW_k = < y_k (x - sum_{j <= k} y_j w_j) >",
  symbols,
  source: "Sanger 1989",
  reads: ["pre", "preactivation", "weight", "lateral"],
  options,
  activity: activityOf,
  change: ordered,
});

/** Hebbian PCA of Lagani et al.: Sanger's rule on rectified activity; `activity=tanh` is their `hpcat`. */
export const hpca = hebbian({
  id: "hpca",
  equation: "dW_k = < y_k (x - sum_{j <= k} y_j w_j) > / sqrt(inputs)",
  symbols: "x the input, y = max(0, u) the rectified drive, w_k the weights of unit k; < > the mean over samples",
  source: "Lagani, Falchi, Gennaro and Amato 2021; reference code HebbianLearning",
  reads: ["pre", "post", "weight", "lateral"],
  options: z.strictObject({ ...hebbianOptions({ normalise: "fan-in" }), ...activityOptions("rectified") }),
  activity: activityOf,
  change: ordered,
});
