/**
 * A[1,1,1] with a hidden unit f(S) = S^mu that learns by random backpropagation, with and without the derivative f'.
 *
 *   with f'      da_1/dt = c_1 mu a_1^(mu-1) (alpha - beta a_2 a_1^mu)     da_2/dt = a_1^mu (alpha - beta a_2 a_1^mu)
 *   without f'   da_1/dt = c_1 (gamma - delta a_2 a_1^mu)                  da_2/dt as above
 *
 * alpha = E[T I^mu], beta = E[I^(2 mu)], gamma = E[T I], delta = E[I^(mu+1)], for positive data and weights, mu and c_1 > 0. With f' the
 * quantity a_2 - a_1^2 / (2 c_1 mu) stays and the weights settle where the error is least; without f' there is no fixed point unless
 * alpha / beta = gamma / delta (Baldi, Sadowski and Lu 2018, theorem 12).
 */
import type { VectorField } from "../dynamics/integrate.ts";
import { bisect } from "./real-roots.ts";

/** Moments of the data for one power mu. */
export interface PowerMoments {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly delta: number;
}

/** The unit, its channel weight, and its weights at time 0; all positive. */
export interface PowerUnit {
  readonly power: number;
  readonly channel: number;
  readonly derivative: boolean;
  readonly moments: PowerMoments;
  readonly start: readonly [number, number];
}

/** Moments of positive inputs and targets of equal weight. Throws RangeError when a number is not positive or the lengths differ. */
export function powerMoments(inputs: readonly number[], targets: readonly number[], power: number): PowerMoments {
  const wrong = [...inputs, ...targets, power].find((value) => !(value > 0));
  if (wrong !== undefined || inputs.length === 0 || inputs.length !== targets.length)
    throw new RangeError(
      `power unit: expected as many inputs as targets, all positive, got ${inputs.length} inputs, ${targets.length} targets` +
        (wrong === undefined ? "" : `, and the number ${wrong}`),
    );
  const mean = (of: (i: number) => number): number => inputs.reduce((sum, _, i) => sum + of(i), 0) / inputs.length;
  const [x, t] = [(i: number): number => inputs[i] ?? 0, (i: number): number => targets[i] ?? 0];
  return {
    alpha: mean((i) => t(i) * x(i) ** power),
    beta: mean((i) => x(i) ** (2 * power)),
    gamma: mean((i) => t(i) * x(i)),
    delta: mean((i) => x(i) ** (power + 1)),
  };
}

/** The right-hand side on (a_1, a_2). */
export function powerFlow({ power, channel, derivative, moments }: PowerUnit): VectorField {
  const { alpha, beta, gamma, delta } = moments;
  return (_t, [a1 = 0, a2 = 0]) => {
    const activity = a1 ** power;
    const error = alpha - beta * a2 * activity;
    const first = derivative ? power * a1 ** (power - 1) * error : gamma - delta * a2 * activity;
    return [channel * first, activity * error];
  };
}

/** a_2 - a_1^2 / (2 c_1 mu): stays with f', moves without. */
export function powerInvariant(
  { power, channel }: PowerUnit,
  [a1 = 0, a2 = 0]: ArrayLike<number> & Iterable<number>,
): number {
  return a2 - a1 ** 2 / (2 * channel * power);
}

/**
 * The a_1 at which the unit with f' settles: the next root of alpha - beta a_1^mu (a_1^2 / (2 c_1 mu) + K) in the direction of the
 * error. Undefined without f'.
 */
export function powerLimit(unit: PowerUnit): number | undefined {
  if (!unit.derivative) return undefined;
  const { power, channel, moments, start } = unit;
  const k = powerInvariant(unit, start);
  const error = (a: number): number => moments.alpha - moments.beta * a ** power * (a ** 2 / (2 * channel * power) + k);
  const [from] = start;
  const direction = Math.sign(error(from));
  if (direction === 0) return from;
  // a^mu (a^2 / (2 c mu) + K) falls up to this point, if K is negative, and rises from it on.
  const turn = k < 0 ? Math.sqrt((-2 * channel * power * power * k) / (power + 2)) : 0;
  let far = Math.max(from, turn, 1);
  while (error(far) >= 0) far *= 2;
  return direction > 0 ? bisect(error, Math.max(from, turn), far) : bisect(error, turn, from);
}
