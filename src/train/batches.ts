/** What a training step is fed: examples in a seeded order, their partners, and the noise a rule asks for. */
import type { Random, StreamState } from "../random/stream.ts";
import type { Noise } from "../rules/index.ts";
import { exampleLength, type Examples, type Inputs, type PartnerRequest, type Task } from "../tasks/index.ts";

/** Where a source of batches stands. */
export interface BatchState {
  /** The epoch's order of the examples, and how many of them have been seen. */
  readonly order: Int32Array;
  readonly next: number;
  readonly random: Readonly<Record<"order" | "pairs" | "noise", StreamState>>;
}

/** Batches of one run. Every example is seen once before any is seen twice; epochs join without a gap. */
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

  /** Writes the next batch: `inputs` [batch, length], `labels` [batch], and partners of each kind, of the same shape as inputs. */
  fill(
    inputs: Inputs,
    labels: Int32Array,
    partners: readonly { readonly request: PartnerRequest; readonly inputs: Inputs }[] = [],
  ): void {
    const length = exampleLength(this.task);
    const { inputs: source, labels: classes } = this.examples;
    const { indices } = this;
    for (let i = 0; i < indices.length; i++) {
      if (this.next === this.order.length) {
        this.order = this.random.order.permutation(this.examples.count);
        this.next = 0;
      }
      const example = this.order[this.next++] ?? 0;
      indices[i] = example;
      labels[i] = classes[example] ?? 0;
      // Element by element: a view per example costs more than copying its few symbols.
      const from = example * length;
      const to = i * length;
      for (let k = 0; k < length; k++) inputs[to + k] = source[from + k] ?? 0;
    }
    for (const { request, inputs: out } of partners) {
      this.task.partners(request, this.examples, this.indices, out, this.random.pairs);
    }
  }

  /** Where it stands; `resume` goes on from there, with the same batches. */
  state(): BatchState {
    const { order, pairs, noise } = this.random;
    return {
      order: this.order.slice(),
      next: this.next,
      random: { order: order.state(), pairs: pairs.state(), noise: noise.state() },
    };
  }

  resume({ order, next, random }: BatchState): void {
    this.order = order.slice();
    this.next = next;
    for (const stream of ["order", "pairs", "noise"] as const) this.random[stream].resume(random[stream]);
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
