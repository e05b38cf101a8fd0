/** Runs the evaluation graph over sets of examples, all replicas at once. */
import { type Engine, Executable, type Numbers, type Values } from "../runtime/index.ts";
import type { Examples } from "../tasks/index.ts";
import type { Network } from "../networks/index.ts";
import { dataName, examplesArray } from "./inputs.ts";
import { buildEvaluation } from "./evaluation.ts";
import { evaluationChunk } from "./sizes.ts";
import { type Model, replicate } from "./step.ts";

/** Mean cross-entropy in nats and fraction misclassified; NaN for an empty set. */
export interface Score {
  readonly loss: number;
  readonly error: number;
}

/** Scores networks given by their parameters. */
export class Evaluator {
  private constructor(
    private readonly executable: Executable,
    private readonly network: Network,
    private readonly length: number,
    private readonly replicas: number,
  ) {}

  static async create(
    model: Model,
    length: number,
    form: "plain" | "stacked",
    replicas: number,
    engine: Engine,
  ): Promise<Evaluator> {
    const graph = buildEvaluation(model, length);
    const outputs = form === "plain" ? graph : replicate(graph, replicas);
    return new Evaluator(await Executable.compile(outputs, engine), model.network, length, replicas);
  }

  /** Scores replica r, with `parameters[r]`, on `examples[r]`. */
  async score(
    parameters: readonly Readonly<Record<string, Float32Array>>[],
    examples: readonly Examples[],
  ): Promise<Score[]> {
    const feeds: Record<string, Numbers> = {
      [dataName(this.network)]: examplesArray(this.network, this.replicas * evaluationChunk, this.length),
      labels: new Int32Array(this.replicas * evaluationChunk),
      weights: new Float32Array(this.replicas * evaluationChunk),
    };
    for (const { name } of this.executable.program.inputs) feeds[name] ??= joined(parameters, name);
    const totals = examples.map(() => ({ loss: 0, error: 0 }));
    const longest = Math.max(...examples.map(({ count }) => count));
    for (let start = 0; start < longest; start += evaluationChunk) {
      examples.forEach((set, r) => fillChunk(feeds, set, r, start));
      const { lossSum, errorSum } = await this.executable.run(feeds);
      totals.forEach((total, r) => {
        total.loss += lossSum?.[r] ?? 0;
        total.error += errorSum?.[r] ?? 0;
      });
    }
    return totals.map(({ loss, error }, r) => {
      const count = examples[r]?.count ?? 0;
      return { loss: loss / count, error: error / count };
    });
  }

  async dispose(): Promise<void> {
    await this.executable.dispose();
  }
}

/** Puts examples `start`, `start + 1`, ... of a set into a replica's part of the feeds; missing ones get weight 0. */
export function fillChunk(feeds: Values, { count, inputs, labels }: Examples, replica: number, start: number): void {
  const length = inputs.length / Math.max(count, 1);
  const rows = Math.max(0, Math.min(evaluationChunk, count - start));
  const at = replica * evaluationChunk;
  if (rows > 0) {
    const fed = feeds["tokens"] ?? feeds["inputs"];
    fed?.set(inputs.subarray(start * length, (start + rows) * length), at * length);
    feeds["labels"]?.set(labels.subarray(start, start + rows), at);
  }
  feeds["weights"]?.fill(0, at, at + evaluationChunk).fill(1, at, at + rows);
}

/** One array with the values of all replicas in a row. */
export function joined(parameters: readonly Readonly<Record<string, Float32Array>>[], name: string): Float32Array {
  const parts = parameters.map((own) => own[name] ?? new Float32Array(0));
  const all = new Float32Array(parts.reduce((sum, own) => sum + own.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
