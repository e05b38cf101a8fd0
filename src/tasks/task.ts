/**
 * The contract between a source of data and the training room.
 *
 * An example is a row of tokens: whole numbers below `vocabulary`, one per position (symbols of a string; quantised intensities of
 * an image). How tokens enter a network (one-hot, intensity) is the network's concern.
 */
import type { Random } from "../random/stream.ts";
import type { PairKind, PartnerRequest } from "./pair-kinds.ts";

/** Inputs and their classes. Never changed once drawn. */
export interface Examples {
  readonly count: number;
  /** [count, positions], each below the task's vocabulary. */
  readonly tokens: Int32Array;
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
export interface Split {
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
}

/** A source of labelled examples and of positive pairs. */
export interface Task {
  readonly id: string;
  readonly positions: number;
  readonly vocabulary: number;
  readonly classes: number;
  /** Neighbouring positions that belong together at the lowest level of a hidden tree, by which tree networks are cut into patches. */
  readonly branching?: number;
  /** Draws disjoint sets without replacement. Throws RangeError when there are not that many distinct examples. */
  draw(sizes: SplitSizes, random: Random): Split;
  /** Why this kind of pair carries no signal or cannot be built here; undefined when it is fine. `level` concerns `resample`. */
  refusal(kind: PairKind, level?: "layer" | number): string | undefined;
  /**
   * Writes the partners of examples `indices` into `out` [indices.length, positions]. Work is proportional to the batch, apart from
   * an index made the first time a set of examples is seen. Throws RangeError when shapes, indices or level do not fit.
   */
  partners(request: PartnerRequest, examples: Examples, indices: Int32Array, out: Int32Array, random: Random): void;
}
