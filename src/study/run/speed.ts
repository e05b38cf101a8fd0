/**
 * How long work takes: from the cost model of a step and three numbers that say how fast a machine is.
 *
 * A group takes a start (building, compiling), then at every step a time for each node of the graph, whatever its size, and one for
 * each operation in matrix products. Over 24 shapes of groups, widths 16 to 256, four rules, on a busy machine of two cores, estimates
 * with the best three numbers were 0.56 to 1.49 of the time taken, by a factor of 1.28 as a rule.
 */

/** How fast a machine is: seconds. */
export interface Speed {
  /** Until workers have started. */
  readonly workers: number;
  /** Of a group before its first step. */
  readonly start: number;
  /** Of a node at every step. */
  readonly node: number;
  /** Of an operation in matrix products, on one thread. */
  readonly product: number;
}

/** Of a machine of two cores in 2026: good enough for what comes first, and for nothing that is said to anybody. */
export const usualSpeed: Speed = { workers: 1.2, start: 0.3, node: 1.5e-5, product: 5e-11 };

/** What the time of a group depends on. */
export interface GroupSize {
  /** Nodes of the graph of one step. */
  readonly nodes: number;
  /** Operations in matrix products, of one step of one run. */
  readonly products: number;
  readonly steps: number;
  /** Runs in the group. */
  readonly replicas: number;
  readonly threads: number;
  /** Strings of a batch. */
  readonly batch: number;
  /** Strings on which a run is judged at its end. */
  readonly strings: number;
}

/** A forward pass is about this part of a step's products. */
const forwardPart = 1 / 3;

/** Parts of a group's time in units of start, node and product. */
export function unitsOf({
  nodes,
  products,
  steps,
  replicas,
  threads,
  batch,
  strings,
}: GroupSize): [number, number, number] {
  const passes = steps + (forwardPart * strings) / batch;
  return [1, steps * nodes, (passes * products * replicas) / threads];
}

/** Seconds of a group. */
export function groupSeconds(size: GroupSize, { start, node, product }: Speed): number {
  const [starts, nodes, products] = unitsOf(size);
  return starts * start + nodes * node + products * product;
}

/** When the last of some groups ends, in their order, each taken by the first worker that is free; workers may have `busy` seconds to go. */
export function lastEnds(seconds: readonly number[], workers: number, busy: readonly number[] = []): number {
  const free = Array.from({ length: Math.max(workers, busy.length, 1) }, (_, i) => busy[i] ?? 0);
  for (const each of seconds) {
    const next = free.indexOf(Math.min(...free));
    free[next] = (free[next] ?? 0) + each;
  }
  return Math.max(...free);
}

/** The speed that gives measured groups their times, by least squares of relative errors with no number below 0 (coordinate descent). */
export function fittedSpeed(
  measured: readonly { readonly size: GroupSize; readonly seconds: number }[],
  workers: number,
): Speed {
  const rows = measured.map(({ size, seconds }) => unitsOf(size).map((unit) => unit / seconds));
  const usual = [usualSpeed.start, usualSpeed.node, usualSpeed.product];
  // In units of the usual speed, so that one step of descent is as good for each.
  const scaled = rows.map((row) => row.map((unit, i) => unit * (usual[i] ?? 0)));
  const found = [1, 1, 1];
  for (let round = 0; round < 2000; round += 1) {
    for (let i = 0; i < found.length; i += 1) {
      const others = scaled.map((row) =>
        row.reduce((sum, unit, j) => (j === i ? sum : sum + unit * (found[j] ?? 0)), 0),
      );
      const top = scaled.reduce((sum, row, k) => sum + (row[i] ?? 0) * (1 - (others[k] ?? 0)), 0);
      const bottom = scaled.reduce((sum, row) => sum + (row[i] ?? 0) ** 2, 0);
      found[i] = bottom > 0 ? Math.max(0, top / bottom) : 0;
    }
  }
  const [start = 1, node = 1, product = 1] = found.map((factor, i) => factor * (usual[i] ?? 0));
  return { workers, start, node, product };
}
