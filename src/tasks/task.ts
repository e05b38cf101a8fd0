/**
 * The contract between a source of data and everything that works on it.
 *
 * An example is a row of symbols, or of real numbers, at positions, and a class. What kind of data they are, where they come from and how
 * they are drawn is the task's own concern; how symbols enter a network is the network's (`train/inputs.ts`).
 */
import type { Random } from "../random/stream.ts";
import type { PairKind, PartnerRequest } from "./pair-kinds.ts";

/** What an example is: all that a network must know of its task. */
export interface TaskShape {
  /**
   * `symbols`: at every position one of `channels` symbols, a whole number, which a network sees as a one-hot vector. `real`: at every
   * position `channels` numbers, which a network sees as they are.
   */
  readonly values: "symbols" | "real";
  readonly positions: number;
  readonly channels: number;
  readonly classes: number;
  /** Neighbouring positions that belong together at the lowest level of a tree, by which tree networks are cut into patches. */
  readonly branching?: number;
}

/** Symbols, or real numbers in single precision. */
export type Inputs = Int32Array | Float32Array;

/** Inputs and their classes. Never changed once drawn. */
export interface Examples<Values extends Inputs = Inputs> {
  readonly count: number;
  /** Symbols [count, positions], or real numbers [count, positions, channels], row-major. */
  readonly inputs: Values;
  /** [count], each below the task's number of classes. */
  readonly labels: Int32Array;
}

/** Numbers of examples to draw. */
export interface SplitSizes {
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** Three disjoint sets of examples, no example twice. */
export interface Split<Values extends Inputs = Inputs> {
  readonly train: Examples<Values>;
  readonly validation: Examples<Values>;
  readonly test: Examples<Values>;
}

/** A source of labelled examples and of positive pairs. */
export interface Task extends TaskShape {
  readonly id: string;
  /** Draws disjoint sets without replacement. Throws RangeError when there are not that many distinct examples. */
  draw(sizes: SplitSizes, random: Random): Split;
  /** Why this kind of pair carries no signal or cannot be built here; undefined when it is fine. `level` concerns `resample`. */
  refusal(kind: PairKind, level?: "layer" | number): string | undefined;
  /**
   * Writes the partners of examples `indices` into `out`, [indices.length, exampleLength]. Work is proportional to the batch, apart from
   * an index made the first time a set of examples is seen. Throws RangeError when shapes, indices or level do not fit.
   */
  partners(request: PartnerRequest, examples: Examples, indices: Int32Array, out: Inputs, random: Random): void;
}

/** Numbers in which an example is written: symbols, or real numbers at all positions. */
export function exampleLength({ values, positions, channels }: Omit<TaskShape, "classes">): number {
  return values === "symbols" ? positions : positions * channels;
}

/** Examples that are symbols, as such. Throws TypeError for real numbers. */
export function symbolsOf({ inputs }: Pick<Examples, "inputs">): Int32Array {
  if (inputs instanceof Int32Array) return inputs;
  throw new TypeError("examples: expected symbols, got real numbers; give examples of a task of symbols");
}
