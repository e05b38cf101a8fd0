/** What two runs must share to share a graph. */
import { canonicalJson } from "../spec/identity.ts";
import type { RunSpec } from "../spec/spec.ts";

/** A key: runs with the same one differ in seeds, amount of data and learning rates only. */
export function shapeOf({ seed: _seed, seeds: _seeds, data: _data, train, ...shared }: RunSpec): string {
  const { learningRate: _rate, readoutLearningRate: _readoutRate, ...schedule } = train;
  return canonicalJson({ ...shared, train: schedule });
}
