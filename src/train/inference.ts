/** A trained network as a function of its inputs alone. */
import { lowerForAnyBatch } from "../runtime/index.ts";
import type { Tensor } from "../graph/index.ts";
import { judgingWorkspace, scoresOf } from "./read-document.ts";
import { evaluatedBatches } from "./sizes.ts";
import { type Model, simplifyAll } from "./step.ts";
import { documentOf } from "./traced.ts";

/** `scores` [size, classes] of `tokens` [size, length]: those of the read-out, or the rule's own; `size` is one of `evaluatedBatches`. */
export function buildInference(
  { network, rule, batch }: Omit<Model, "optimiser">,
  length: number,
  size: number,
): { readonly scores: Tensor } {
  const document = documentOf(rule, { network, batch, length });
  const workspace = judgingWorkspace(rule.rule.id, document, { network, batch: size, length });
  const scores = scoresOf(rule.rule.id, document, workspace) ?? workspace.pass.readout.post;
  return simplifyAll({ scores }) as { scores: Tensor };
}

/**
 * An ONNX model, for batches of any size, of a trained network: `tokens` int32 [batch, length] to `scores` float32 [batch, classes], of
 * which the largest is the answer. `values` are those of its training.
 */
export function inferenceModel(
  model: Omit<Model, "optimiser">,
  length: number,
  values: Readonly<Record<string, Float32Array>>,
): Uint8Array {
  const [one, other] = evaluatedBatches.map((size) => buildInference(model, length, size));
  if (one === undefined || other === undefined) throw new Error("internal: expected two sizes of batches");
  return lowerForAnyBatch({ ...one }, { ...other }, values);
}
