/** Loss and error of a network on a set of examples: a forward pass without learning. */
import { crossEntropies, input, type Tensor } from "../graph/index.ts";
import type { Network } from "../networks/index.ts";
import type { ChosenRule } from "../rules/index.ts";
import { simplifyAll, workspaceFor } from "./step.ts";

/** Strings per forward pass; the last chunk of a set is padded and weighted. */
export const evaluationChunk = 500;

/**
 * Sums over a chunk, weighted by `weights` [chunk]: `lossSum` in nats, `errorSum` in strings; and, on request, the features of
 * every layer, `layer1` ... [chunk, positions * out]. Scores are those of the read-out, or the rule's own where it has some.
 */
export function buildEvaluation(
  network: Network,
  rule: ChosenRule,
  length: number,
  wantFeatures = false,
): Record<string, Tensor> {
  const workspace = workspaceFor(network, rule, evaluationChunk, length);
  const { labels, layers, pass } = workspace;
  const weights = input("weights", [evaluationChunk]);
  const scores = rule.rule.scores(workspace, rule.options) ?? pass.readout.post;
  const wrong = scores.argmax(-1).equal(labels).where(0, weights);
  const features = wantFeatures ? layers.map((view) => [view.layer.name, view.perExample(view.post)] as const) : [];
  return simplifyAll({
    lossSum: crossEntropies(scores, labels).mul(weights).sum(),
    errorSum: wrong.sum(),
    ...Object.fromEntries(features),
  });
}
