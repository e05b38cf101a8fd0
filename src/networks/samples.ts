/**
 * How the activity of a layer is laid out: samples as rows, features as columns, whatever the geometry.
 *
 * A sample is what one weight matrix sees at one time. Where the positions of a layer share their weights, every position of every
 * example is a sample, [batch * positions, n]; where each position has its own, the samples of a position are the examples,
 * [positions, batch, n]. The weight is [in, out] or [positions, in, out], so that `x.matmul(w)`, sums over the last axis but one and
 * values of one number a unit, [1, n] or [positions, 1, n], mean the same in either case. Nothing but this file knows which.
 */
import type { Tensor } from "../graph/index.ts";
import type { Layer } from "./network.ts";

/** What decides the layout. */
export type Grid = Pick<Layer, "positions" | "shared">;

/** Examples in x, laid out as samples. */
export function batchOf({ positions, shared }: Grid, x: Tensor): number {
  return shared ? x.size(-2) / positions : x.size(-2);
}

/** Shape of a signal of n features as samples of a batch. */
export function samplesShape({ positions, shared }: Grid, batch: number, n: number): readonly number[] {
  return shared ? [batch * positions, n] : [positions, batch, n];
}

/** From [batch, positions, n] to samples. */
export function toSamples({ shared }: Grid, x: Tensor): Tensor {
  return shared ? x.reshape([x.size(0) * x.size(1), x.size(2)]) : x.transpose([1, 0, 2]);
}

/** From samples to [batch, positions, n]. */
export function toPositions(grid: Grid, x: Tensor): Tensor {
  return grid.shared ? x.reshape([batchOf(grid, x), grid.positions, x.size(-1)]) : x.transpose([1, 0, 2]);
}

/** The same signal as samples of another layout: of a value that positions share as they do not share the weight, or the other way. */
export function relaid(from: Grid, to: Grid, x: Tensor): Tensor {
  return from.shared === to.shared ? x : toSamples(to, toPositions(from, x));
}

/** All positions of an example side by side: from samples to [batch, positions * n]. */
export function perExample(grid: Grid, x: Tensor): Tensor {
  return toPositions(grid, x).reshape([batchOf(grid, x), grid.positions * x.size(-1)]);
}

/** The inverse of `perExample`: from [batch, positions * n] to samples. */
export function fromExamples(grid: Grid, x: Tensor): Tensor {
  return toSamples(grid, x.reshape([x.size(0), grid.positions, x.size(1) / grid.positions]));
}

/** Gives every sample what belongs to its example: from [batch, n], or [batch] as n = 1, to something that broadcasts against samples. */
export function toEverySample({ positions, shared }: Grid, x: Tensor): Tensor {
  const [batch = 1, n = 1] = x.shape;
  const columns = x.reshape([batch, n]);
  if (!shared || positions === 1) return columns;
  return columns
    .expand(1)
    .broadcastTo([batch, positions, n])
    .reshape([batch * positions, n]);
}

/** Mean over samples of x [.., samples, n]: [1, n], or [positions, 1, n]. */
export function meanOverSamples(x: Tensor): Tensor {
  return x.mean(-2, { keepdims: true });
}

/** Sum over samples of the outer product of two signals: [.., samples, a] and [.., samples, b] -> [.., a, b]. */
export function correlate(x: Tensor, y: Tensor): Tensor {
  return x.transposeLast().matmul(y);
}

/** Mean over samples of the outer product of two signals, e.g. the input and the output of every synapse: [.., a, b]. */
export function outer(x: Tensor, y: Tensor): Tensor {
  return correlate(x, y).mul(1 / x.size(-2));
}

/** Samples that one weight sees in a batch. */
export function samplesPerWeight({ positions, shared }: Grid, batch: number): number {
  return shared ? batch * positions : batch;
}

/** Shape of a value with one number a unit (or, with `rows`, a matrix into the units), its own for each position that has its own weights. */
export function unitShape({ positions, shared }: Grid, units: number, rows = 1): readonly number[] {
  return shared ? [rows, units] : [positions, rows, units];
}
