/**
 * Competition among the units of a layer, for each sample by itself, and the homeostasis that keeps every unit in it.
 *
 * Homeostasis: a unit that wins more than its share raises its threshold t and scores u - t (a "conscience", DeSieno 1988):
 * t_k <- t_k + rate * (<z_k> - mean over units of <z>), with z the competition's outcome.
 */
import { z } from "zod";
import { full, type Tensor } from "../../graph/index.ts";
import { type LayerView, type NextValue, unitNorms } from "../contract/index.ts";

/** Below every score, yet finite: what a unit scores that may not win. */
const excluded = -1e38;
const taken = -3e38;

export const homeostasisField = z
  .number()
  .min(0)
  .default(0)
  .describe("rate at which a unit that wins more than its share raises its threshold; 0 is off");

/** Scores less thresholds, and the next thresholds once the outcome z [.., samples, out] is known. */
export function withHomeostasis(
  { perUnit, mean }: LayerView,
  rate: number,
  scores: Tensor,
): { readonly scores: Tensor; readonly next: (outcome: Tensor) => readonly NextValue[] } {
  if (rate === 0) return { scores, next: () => [] };
  const threshold = perUnit("threshold", 0);
  return {
    scores: scores.sub(threshold.now),
    next: (outcome) => {
      const share = mean(outcome);
      return [threshold.becomes(threshold.now.add(share.sub(share.mean(-1, { keepdims: true })).mul(rate)))];
    },
  };
}

/** Keeps units outside the teacher's group from winning. `group` is 1 inside, 0 outside; undefined lets all compete. */
export function among(group: Tensor | undefined, scores: Tensor): Tensor {
  return group === undefined ? scores : group.greater(0).where(scores, excluded);
}

/** One-hot [.., samples, out] of the best unit, of the second, ... up to `count`; the lower index first among equals. */
export function leaders(scores: Tensor, count: number): Tensor[] {
  const found: Tensor[] = [];
  let left = scores;
  for (let rank = 1; rank <= count; rank++) {
    const leader = left.argmax(-1).oneHot(scores.size(-1));
    found.push(leader);
    left = leader.greater(0).where(full(taken, []), left);
  }
  return found;
}

/** Cosine of the angle between a unit's weights and its input, [.., samples, out]; 0 where either is zero. */
export function cosine({ pre, weight }: LayerView): Tensor {
  const orOne = (norm: Tensor): Tensor => norm.equal(0).where(1, norm);
  const ofInput = pre.square().sum(-1, { keepdims: true }).sqrt();
  return pre.matmul(weight.div(orOne(unitNorms(weight, 2)))).div(orOne(ofInput));
}
