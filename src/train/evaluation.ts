/** Loss and error of a network on a set of examples: a forward pass without learning. */
import { crossEntropies, input, type Tensor } from "../graph/index.ts";
import { judgingWorkspace, scoresOf } from "./read-document.ts";
import { evaluationChunk } from "./sizes.ts";
import { type Model, simplifyAll } from "./step.ts";
import { documentOf } from "./traced.ts";

/**
 * Sums over a chunk, weighted by `weights` [chunk]: `lossSum` in nats, `errorSum` in strings; and, on request, the features of
 * every layer, `layer1` ... [chunk, positions * out]. Scores are those of the read-out, or the rule's own where it has some.
 */
export function buildEvaluation(
  { network, rule, batch }: Omit<Model, "optimiser">,
  length: number,
  wantFeatures = false,
): Record<string, Tensor> {
  const document = documentOf(rule, { network, batch, length });
  const workspace = judgingWorkspace(rule.rule.id, document, { network, batch: evaluationChunk, length });
  const { labels, layers, pass } = workspace;
  const weights = input("weights", [evaluationChunk]);
  const scores = scoresOf(rule.rule.id, document, workspace) ?? pass.readout.post;
  const wrong = scores.argmax(-1).equal(labels).where(0, weights);
  const features = wantFeatures ? layers.map((view) => [view.layer.name, view.perExample(view.post)] as const) : [];
  return simplifyAll({
    lossSum: crossEntropies(scores, labels).mul(weights).sum(),
    errorSum: wrong.sum(),
    ...Object.fromEntries(features),
  });
}
