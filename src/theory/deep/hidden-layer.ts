/**
 * A layer of threshold units over Boolean inputs -1 and 1, and what a perceptron on top of it can still learn.
 *
 * The architecture is A[N,H,1]: N inputs, H hidden units and one output, all units with a bias. Hidden units say 1 where S >= 0, else -1.
 */
import type { Random } from "../../random/stream.ts";
import { perceptron } from "../boolean/perceptron.ts";
import { pointsOf, valueAt } from "../boolean/setting.ts";

/** Sizes of A[N,H,1]. */
export interface SmallArchitecture {
  readonly inputs: number;
  readonly hidden: number;
}

/** Most inputs: all 2^(2^N) functions are tried. */
export const MOST_DEEP_INPUTS = 3;
/** Most hidden units: deep targets try all 2^H hidden vectors. */
export const MOST_HIDDEN = 8;

/** Throws RangeError unless N is a whole number from 1 to 3 and H one from 1 to 8. */
export function checkArchitecture({ inputs, hidden }: SmallArchitecture): void {
  const whole = (value: number, most: number): boolean => Number.isInteger(value) && value >= 1 && value <= most;
  if (!whole(inputs, MOST_DEEP_INPUTS) || !whole(hidden, MOST_HIDDEN)) {
    throw new RangeError(
      `A[N,H,1]: expected 1 to ${MOST_DEEP_INPUTS} inputs and 1 to ${MOST_HIDDEN} hidden units, got A[${inputs},${hidden},1]; ` +
        "all functions of the inputs and all hidden vectors are tried",
    );
  }
}

/** The 2^N input vectors, -1 and 1, each with a last 1 for the bias. */
export function signedPoints(inputs: number): number[][] {
  return pointsOf({ inputs, encoding: "signed", bias: true });
}

/** Weights of H units over N inputs and a bias, standard normal. */
export function drawWeights({ inputs, hidden }: SmallArchitecture, random: Random): number[][] {
  return Array.from({ length: hidden }, () => Array.from({ length: inputs + 1 }, random.normal));
}

/** w.x */
export function drive(w: readonly number[], x: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < x.length; j++) sum += (w[j] ?? 0) * (x[j] ?? 0);
  return sum;
}

/** 1 where the drive is not negative, else -1. */
export function threshold(s: number): 1 | -1 {
  return s >= 0 ? 1 : -1;
}

/** What the hidden units say at every point, with a last 1 for the bias of the top. */
export function hiddenCodes(
  weights: readonly (readonly number[])[],
  points: readonly (readonly number[])[],
): number[][] {
  return points.map((x) => [...weights.map((w) => threshold(drive(w, x))), 1]);
}

/** Whether a perceptron that sees only these codes learns the function; decided exactly. */
export function topLearns(f: number, codes: readonly (readonly number[])[]): boolean {
  const values = new Map<string, number>();
  for (let p = 0; p < codes.length; p++) {
    const code = String(codes[p]);
    const value = valueAt(f, p);
    // Two points that look alike must have one value.
    if ((values.get(code) ?? value) !== value) return false;
    values.set(code, value);
  }
  return perceptron(f, codes) !== undefined;
}
