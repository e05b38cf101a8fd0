/** The units whose expected learning is computed: O = f(S), S = w.x. */

/** A linear unit; a threshold unit with outputs -1 and 1; the logistic sigmoid; the hyperbolic tangent. */
export const units = ["linear", "threshold", "sigmoid", "tanh"] as const;
export type Unit = (typeof units)[number];

/** f of every unit. The threshold unit gives 1 at 0. */
export const activations: Readonly<Record<Unit, (drive: number) => number>> = {
  linear: (drive) => drive,
  threshold: (drive) => (drive >= 0 ? 1 : -1),
  sigmoid: (drive) => 1 / (1 + Math.exp(-drive)),
  tanh: Math.tanh,
};
