/**
 * Rules that find principal components: a unit learns what the reconstruction by itself, by all units, or by those before it
 * leaves of the input.
 *
 *   oja            dW_k = < y_k (x - y_k w_k) >                  each unit finds the first component, with unit norm
 *   oja-subspace   dW_k = < y_k (x - sum_j y_j w_j) >            the units span the leading components
 *   sanger         dW_k = < y_k (x - sum_{j <= k} y_j w_j) >     unit k finds component k
 *   hpca           sanger with y = max(0, u), divided by the root of the fan-in
 *
 * x [batch, positions, in], y [batch, positions, out]; y = u, the drive, is the linear unit of the theorems, for which
 * convergence holds in expectation at small rates. Option `activity` gives the nonlinear forms.
 * Sources: Oja 1982, eq. 3; Oja 1989; Sanger 1989; Lagani et al. 2021 (HPCA).
 */
import { z } from "zod";
import { plasticity, type Rule, type RuleCard } from "../rule.ts";
import { activityOf, activityOptions, type ActivityOptions, activityReads } from "./activity.ts";
import { hebbianChange, distinctSignals, type StepOptions, stepOptions, stepReads } from "./step.ts";

export type PrincipalOptions = StepOptions & ActivityOptions;

function principal(
  card: Pick<RuleCard<PrincipalOptions>, "id" | "aliases" | "equation" | "source">,
  kind: "own" | "all" | "ordered",
  defaults: { readonly activity: ActivityOptions["activity"]; readonly normalise?: StepOptions["normalise"] },
): Rule {
  const { activity, normalise = "none" } = defaults;
  return plasticity<PrincipalOptions>({
    ...card,
    family: "hebbian",
    relation: "none",
    reads: (options) => distinctSignals(...stepReads(options, kind), ...activityReads(options)),
    options: z.strictObject({ ...stepOptions({ normalise }), ...activityOptions(activity) }),
    change: (view, options, workspace) => {
      const { y, gated } = activityOf(workspace, view, options);
      return hebbianChange(view, options, { gate: gated(y), reconstruction: { kind, coefficient: y } });
    },
  });
}

/** Oja's rule: a linear unit's weights converge to the first principal component, with unit norm (Oja 1982, eq. 3). */
export const oja = principal(
  { id: "oja", equation: "dW_k = < y_k (x - y_k w_k) >", source: "Oja 1982, eq. 3" },
  "own",
  { activity: "preactivation" },
);

/** Oja's subspace rule: W becomes an orthonormal basis of the leading principal subspace (Oja 1989). */
export const ojaSubspace = principal(
  { id: "oja-subspace", equation: "dW = < x y^T - W y y^T >", source: "Oja 1989" },
  "all",
  { activity: "preactivation" },
);

/** Sanger's generalised Hebbian algorithm: unit k converges to principal component k, up to sign (Sanger 1989). */
export const sanger = principal(
  { id: "sanger", aliases: ["gha"], equation: "dW = < x y^T - W UT[y y^T] >", source: "Sanger 1989" },
  "ordered",
  { activity: "preactivation" },
);

/** Hebbian PCA of Lagani et al.: Sanger's rule on rectified activity; `activity=tanh` is their `hpcat`. */
export const hpca = principal(
  {
    id: "hpca",
    equation: "dW_k = < y_k (x - sum_{j<=k} y_j w_j) > / sqrt(in),   y = max(0, u)",
    source: "Lagani, Falchi, Gennaro and Amato 2021; reference code HebbianLearning",
  },
  "ordered",
  { activity: "rectified", normalise: "fan-in" },
);
