/** A trained network as a function of its inputs alone. */
import type { Tensor } from "../graph/index.ts";
import { type Engine, Executable, lowerForAnyBatch } from "../runtime/index.ts";
import type { ReplicaValues } from "./course.ts";
import { dataName, examplesArray } from "./inputs.ts";
import { judgingWorkspace, scoresOf } from "./read-document.ts";
import { evaluatedBatches, evaluationChunk } from "./sizes.ts";
import { type Model, simplifyAll } from "./step.ts";
import { documentOf } from "./traced.ts";

/** `scores` [size, classes] of `tokens` or `inputs` [size, length]: those of the read-out, or the rule's own; `size` is one of `evaluatedBatches`. */
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

/** Scores [count, classes] of examples [count, length]: symbols, or real numbers. */
export async function answersTo(
  model: Omit<Model, "optimiser">,
  length: number,
  values: ReplicaValues,
  examples: { readonly count: number; readonly values: ArrayLike<number> },
  engine: Engine,
): Promise<Float32Array> {
  const { classes } = model.network.readout;
  const executable = await Executable.compile(buildInference(model, length, evaluationChunk), engine);
  try {
    const scores = new Float32Array(examples.count * classes);
    for (let start = 0; start < examples.count; start += evaluationChunk) {
      const rows = Math.min(evaluationChunk, examples.count - start);
      const fed = examplesArray(model.network, evaluationChunk, length);
      for (let i = 0; i < rows * length; i++) fed[i] = examples.values[start * length + i] ?? 0;
      const { scores: found } = await executable.run({ ...values, [dataName(model.network)]: fed });
      scores.set(found?.subarray(0, rows * classes) ?? [], start * classes);
    }
    return scores;
  } finally {
    await executable.dispose();
  }
}

/**
 * An ONNX model, for batches of any size, of a trained network: `tokens` int32 [batch, length], or `inputs` float32 of it where they are real
 * numbers, to `scores` float32 [batch, classes], of which the largest is the answer. `values` are those of its training.
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
