/** What a training step is fed: strings in a seeded order, their partners, and the noise a rule asks for. */
import type { Random } from "../random/stream.ts";
import type { Noise } from "../rules/index.ts";
import type { Examples, PartnerRequest, Task } from "../tasks/index.ts";

/** Batches of one run. Every string is seen once before any is seen twice; epochs join without a gap. */
export class BatchSource {
  private order: Int32Array = new Int32Array(0);
  private next = 0;
  private readonly indices: Int32Array;

  constructor(
    private readonly task: Task,
    private readonly examples: Examples,
    batch: number,
    private readonly random: { readonly order: Random; readonly pairs: Random; readonly noise: Random },
  ) {
    this.indices = new Int32Array(batch);
  }

  /** Writes the next batch: `tokens` [batch, length], `labels` [batch], and partners of each kind, of the same shape as tokens. */
  fill(
    tokens: Int32Array,
    labels: Int32Array,
    partners: readonly { readonly request: PartnerRequest; readonly tokens: Int32Array }[] = [],
  ): void {
    const length = this.task.positions;
    const { tokens: source, labels: classes } = this.examples;
    const { indices } = this;
    for (let i = 0; i < indices.length; i++) {
      if (this.next === this.order.length) {
        this.order = this.random.order.permutation(this.examples.count);
        this.next = 0;
      }
      const example = this.order[this.next++] ?? 0;
      indices[i] = example;
      labels[i] = classes[example] ?? 0;
      // Element by element: a view per string costs more than copying a string's few symbols.
      const from = example * length;
      const to = i * length;
      for (let k = 0; k < length; k++) tokens[to + k] = source[from + k] ?? 0;
    }
    for (const { request, tokens: out } of partners) {
      this.task.partners(request, this.examples, this.indices, out, this.random.pairs);
    }
  }

  /** Draws one step's noise into `out`. */
  fillNoise({ distribution }: Noise, out: Float32Array): void {
    const { noise } = this.random;
    switch (distribution) {
      case "normal":
        noise.fillNormal(out, 1);
        return;
      case "uniform":
        for (let i = 0; i < out.length; i++) out[i] = noise.uniform();
        return;
      case "sign":
        for (let i = 0; i < out.length; i++) out[i] = noise.uniform() < 0.5 ? -1 : 1;
        return;
      case "permutation":
        out.set(noise.permutation(out.length));
        return;
      default:
        distribution satisfies never;
    }
  }
}
