/**
 * In which terms a threshold unit meets a Boolean function: how inputs and targets are written as numbers, and when the unit says 1.
 *
 * A Boolean function of N inputs is a whole number below 2^(2^N): its bit p is the value at point p, and bit i of p is input i. The
 * unit computes S = w.x and says 1 where S is above the threshold. All 2^N points count equally.
 */

/** Two-valued quantities as numbers: -1 and 1, or 0 and 1. */
export const encodings = ["signed", "binary"] as const;
export type Encoding = (typeof encodings)[number];

/** Most inputs for which all threshold functions are listed. */
export const MOST_INPUTS = 5;

/** How inputs and targets are written, and when the unit says 1. Counts depend on all of it. */
export interface BooleanSetting {
  readonly inputs: number;
  readonly encoding: Encoding;
  /** Whether a further input is always 1 and has a weight of its own. */
  readonly bias: boolean;
  readonly target: Encoding;
  /** The unit says 1 where S is above it: 0, or between the two targets 0 and 1. */
  readonly threshold: 0 | 0.5;
}

/** The four ways to present the inputs, in the order of the tables. */
export const presentations = [
  { encoding: "signed", bias: true },
  { encoding: "signed", bias: false },
  { encoding: "binary", bias: true },
  { encoding: "binary", bias: false },
] as const satisfies readonly Pick<BooleanSetting, "encoding" | "bias">[];

/** Targets and threshold that go together: signed with 0, binary with either. */
export const readings = [
  { target: "signed", threshold: 0 },
  { target: "binary", threshold: 0 },
  { target: "binary", threshold: 0.5 },
] as const satisfies readonly Pick<BooleanSetting, "target" | "threshold">[];

/** Throws RangeError unless N is a whole number from 1 to 5. */
export function checkInputs(inputs: number): void {
  if (!Number.isInteger(inputs) || inputs < 1 || inputs > MOST_INPUTS) {
    throw new RangeError(
      `inputs: expected a whole number from 1 to ${MOST_INPUTS}, got ${inputs}; there are 2^(2^N) functions of N inputs`,
    );
  }
}

/** The value, 0 or 1, of a Boolean function at a point. */
export function valueAt(f: number, point: number): number {
  return (f >>> point) & 1;
}

/** The 2^N input vectors in the order of the points, each with a last 1 when there is a bias. */
export function pointsOf({ inputs, encoding, bias }: Pick<BooleanSetting, "inputs" | "encoding" | "bias">): number[][] {
  const low = encoding === "signed" ? -1 : 0;
  return Array.from({ length: 2 ** inputs }, (_, p) => [
    ...Array.from({ length: inputs }, (_, i) => (valueAt(p, i) === 1 ? 1 : low)),
    ...(bias ? [1] : []),
  ]);
}

/** The targets of a Boolean function, by point. */
export function targetsOf(f: number, { inputs, target }: Pick<BooleanSetting, "inputs" | "target">): number[] {
  const low = target === "signed" ? -1 : 0;
  return Array.from({ length: 2 ** inputs }, (_, p) => (valueAt(f, p) === 1 ? 1 : low));
}
