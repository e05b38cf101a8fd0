/**
 * All Boolean functions that one threshold unit with a bias can realise (linearly separable functions), found rather than looked up.
 *
 * Fixing one input of a threshold function leaves a threshold function. So those of N inputs are among the pairs of those of N - 1, and
 * each pair is decided by the perceptron. Renaming or negating inputs, or the output, changes nothing: the first of the pair is taken once
 * from every class of equals.
 */
import { perceptron } from "./perceptron.ts";
import { checkInputs, pointsOf } from "./setting.ts";

/** Functions that become one another by renaming inputs, negating inputs and negating the output. */
export interface SymmetryClass {
  /** The smallest member. */
  readonly representative: number;
  /** In rising order. */
  readonly members: readonly number[];
}

/** The threshold functions of N inputs, in rising order. Throws RangeError unless N is a whole number from 1 to 5. */
export function thresholdFunctions(inputs: number): number[] {
  checkInputs(inputs);
  let known = [0, 1];
  for (let n = 1; n <= inputs; n++) known = extended(known, n);
  return known;
}

function extended(smaller: readonly number[], inputs: number): number[] {
  const points = pointsOf({ inputs, encoding: "signed", bias: true });
  const half = points.length / 2;
  const moves = pointPermutations(inputs - 1);
  const found = new Set<number>();
  for (const { representative: low } of classesOf(smaller, inputs - 1)) {
    for (const high of smaller) {
      if (perceptron(joined(low, high, half), points) === undefined) continue;
      for (const move of moves) {
        const image = joined(moved(low, move), moved(high, move), half);
        found.add(image);
        found.add(complement(image, points.length));
      }
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** Sorts functions, a set closed under the symmetries, into classes, by rising representative. */
export function classesOf(functions: readonly number[], inputs: number): SymmetryClass[] {
  const moves = pointPermutations(inputs);
  const seen = new Set<number>();
  const classes: SymmetryClass[] = [];
  for (const f of [...functions].sort((a, b) => a - b)) {
    if (seen.has(f)) continue;
    const members = new Set(
      moves.flatMap((move) => {
        const image = moved(f, move);
        return [image, complement(image, 2 ** inputs)];
      }),
    );
    for (const member of members) seen.add(member);
    classes.push({ representative: f, members: [...members].sort((a, b) => a - b) });
  }
  return classes;
}

/** The function of opposite value everywhere; `points` is 2^N. */
export function complement(f: number, points: number): number {
  return (points === 32 ? ~f : ~f & (2 ** points - 1)) >>> 0;
}

const joined = (low: number, high: number, half: number): number => (low | (high << half)) >>> 0;

/** f after a renaming of points: its value at p is that of f at move[p]. */
function moved(f: number, move: readonly number[]): number {
  let image = 0;
  for (let p = 0; p < move.length; p++) image |= ((f >>> (move[p] ?? 0)) & 1) << p;
  return image >>> 0;
}

/** The 2^N N! renamings of points that come from renaming and negating inputs. */
function pointPermutations(inputs: number): number[][] {
  const flips = Array.from({ length: 2 ** inputs }, (_, flip) => flip);
  return permutations(inputs).flatMap((order) =>
    flips.map((flip) => flips.map((p) => order.reduce((q, from, i) => q | (((p >>> i) & 1) << from), 0) ^ flip)),
  );
}

function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((shorter) =>
    Array.from({ length: n }, (_, at) => [...shorter.slice(0, at), n - 1, ...shorter.slice(at)]),
  );
}
