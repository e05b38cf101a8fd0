/**
 * Seeded streams of random numbers, one per purpose.
 *
 * A run names a seed; each use of chance inside it (rules of the task, data, initial weights, order of batches, noise) asks for
 * its own stream by a purpose text. Seed and purpose are hashed together into the 128-bit state of xoroshiro128+ (Blackman
 * and Vigna 2021, `pure-rand`), so a stream that draws more does not move the numbers of another.
 *
 * The lowest bits of xoroshiro128+ are linear in its state. Everything here is made from the high bits of each 32-bit word.
 */
import { uniformBigInt } from "pure-rand/distribution/uniformBigInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/** Where a stream stands: plain data. */
export interface StreamState {
  readonly generator: readonly number[];
  /** The second of a pair of normals, where it has not been drawn yet. */
  readonly spare: number | null;
}

/** One stream of random numbers. Drawing changes it; two streams share nothing. The functions can be passed on by themselves. */
export interface Random {
  /** Uniform in [0, 1): a multiple of 2^-53. */
  readonly uniform: () => number;
  /** Standard normal: mean 0, variance 1 (Marsaglia's polar method). */
  readonly normal: () => number;
  /** Uniform integer in [0, `below`), without bias. Throws RangeError unless `below` is an integer in [1, 2^53]. */
  readonly integer: (below: number) => number;
  /** Uniform integer in [0, `below`) of any size, without bias. Throws RangeError when `below` < 1. */
  readonly bigint: (below: bigint) => bigint;
  /** The numbers 0 ... n-1 in uniformly random order. */
  readonly permutation: (n: number) => Int32Array;
  /**
   * `count` distinct integers of [0, `population`) in uniformly random order, `population` up to 2^53. The first k of them do not
   * depend on `count`. Throws RangeError when `count` > `population`.
   */
  readonly sample: (population: number, count: number) => Float64Array;
  /** Fills `out` with independent normals of mean 0: the same numbers as repeated `normal()`, scaled and rounded to float32. */
  readonly fillNormal: (out: Float32Array, standardDeviation: number) => void;
  /** Where the stream stands; `resume` goes on from there, and draws the same numbers. */
  readonly state: () => StreamState;
  readonly resume: (state: StreamState) => void;
}

const WORD = 2 ** 32;
const LARGEST = 2 ** 53;

/**
 * The stream of one seed for one purpose. Equal arguments give equal streams; any difference gives an independent one. Throws
 * RangeError when `seed` is not a safe integer.
 */
export function stream(seed: number, purpose: string): Random {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`stream: expected a whole number below 2^53 as seed, got ${seed}; round it`);
  }
  let generator = xoroshiro128plusFromState(hashToState(seed, purpose));

  const uniform = () => ((generator.next() >>> 5) * 2 ** 26 + (generator.next() >>> 6)) / LARGEST;

  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const squared = x * x + y * y;
      if (squared >= 1 || squared === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(squared)) / squared);
      spare = y * scale;
      return x * scale;
    }
  };

  // [0, range) is cut into `below` equal bins and a remainder, which is refused: exact, and decided by the high bits.
  const integer = (below: number) => {
    if (!Number.isInteger(below) || below < 1 || below > LARGEST) {
      throw new RangeError(`random integer: expected a bound from 1 to 2^53, got ${below}; pass a whole number`);
    }
    const wide = below > WORD;
    const bin = Math.floor((wide ? LARGEST : WORD) / below);
    for (;;) {
      const value = Math.floor((wide ? uniform() * LARGEST : generator.next() >>> 0) / bin);
      if (value < below) return value;
    }
  };

  const bigint = (below: bigint) => {
    if (below < 1n) throw new RangeError(`random bigint: expected a bound of at least 1, got ${String(below)}`);
    return uniformBigInt(generator, 0n, below - 1n);
  };

  // The conversion by constructor: `Int32Array.from` walks an iterator, and takes longer than the drawing.
  const permutation = (n: number) => new Int32Array(sample(n, n));

  const sample = (population: number, count: number) => {
    const whole = Number.isInteger(population) && Number.isInteger(count);
    if (!whole || count < 0 || count > population || population > LARGEST) {
      throw new RangeError(
        `random sample: expected 0 <= count <= population <= 2^53, got count ${count} of population ${population}; draw fewer`,
      );
    }
    // Fisher-Yates from the front. Both branches do the same exchanges; the second stores only the entries that moved.
    const out = new Float64Array(count);
    if (population <= 4 * count) {
      const pool = new Float64Array(population);
      for (let i = 0; i < population; i++) pool[i] = i;
      for (let i = 0; i < count; i++) {
        const j = i + integer(population - i);
        out[i] = pool[j] ?? j;
        pool[j] = pool[i] ?? i;
      }
    } else {
      const moved = new Map<number, number>();
      for (let i = 0; i < count; i++) {
        const j = i + integer(population - i);
        out[i] = moved.get(j) ?? j;
        moved.set(j, moved.get(i) ?? i);
      }
    }
    return out;
  };

  const fillNormal = (out: Float32Array, standardDeviation: number) => {
    for (let i = 0; i < out.length; i++) out[i] = standardDeviation * normal();
  };

  const state = () => ({ generator: [...generator.getState()], spare: spare ?? null });

  const resume = (from: StreamState) => {
    generator = xoroshiro128plusFromState(from.generator);
    spare = from.spare ?? undefined;
  };

  return { uniform, normal, integer, bigint, permutation, sample, fillNormal, state, resume };
}

/** Four lanes of multiply-and-rotate over the words of seed and purpose, then mixed across lanes (constants of MurmurHash3). */
function hashToState(seed: number, purpose: string): [number, number, number, number] {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667];
  const absorb = (word: number) => {
    a = Math.imul(rotate(a ^ word, 15), 0xcc9e2d51);
    b = Math.imul(rotate(b ^ word, 17), 0x1b873593);
    c = Math.imul(rotate(c ^ word, 13), 0x85ebca6b);
    d = Math.imul(rotate(d ^ word, 19), 0xc2b2ae35);
  };
  absorb(seed | 0);
  absorb(Math.floor(seed / WORD) | 0);
  for (let i = 0; i < purpose.length; i++) absorb(purpose.charCodeAt(i));
  absorb(purpose.length);
  for (let round = 0; round < 2; round++) {
    a = finalise(a ^ d);
    b = finalise(b ^ a);
    c = finalise(c ^ b);
    d = finalise(d ^ c);
  }
  // The all-zero state is the one fixed point of the generator.
  return [a, b, c, d === 0 ? 1 : d];
}

const rotate = (word: number, by: number) => (word << by) | (word >>> (32 - by));

function finalise(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
