/**
 * Matrices that carry messages back to a layer: from the layer above it, in the place of that layer's weight, or from the output
 * straight to it. They belong to the layer whose message they carry.
 */
import type { Tensor } from "../../graph/index.ts";
import {
  batchOf,
  correlate,
  glorotDeviation,
  type Grid,
  type Layer,
  receiveFrom,
  relaid,
  sendBack,
  weightShape,
} from "../../networks/index.ts";
import type { LayerView } from "./layer-view.ts";
import type { Parameter, State, Variable } from "./variable.ts";

/** How feedback comes about: trained, constant, changed by the rule itself, or drawn anew at each step. */
export type FeedbackKind = "head" | "fixed" | "state" | "redrawn";

export interface FeedbackRequest {
  readonly kind: FeedbackKind;
  /** Size of its initial values, in units of what its kind usually starts from. */
  readonly gain: number;
  /** Whether the positions of the layer share it. */
  readonly positions?: "shared" | "specific" | undefined;
}

/** What a layer keeps under the name `feedback`, as asked for by `LayerView.feedback` and `directFeedback`. */
export interface Kept {
  readonly value: Tensor;
  readonly variable?: Variable;
  readonly state?: State;
}

/** Feedback from a layer to the one below, laid out as the forward weight is, or shared otherwise over positions. */
export class Feedback {
  constructor(
    private readonly from: LayerView,
    private readonly to: LayerView,
    /** The layer `from`, as one whose weights are shared as this matrix is. */
    private readonly twin: Layer,
    private readonly kept: Kept,
  ) {}

  /** As it acts, in the place of the forward weight. */
  get weight(): Tensor {
    return this.kept.value.mul(this.twin.scale);
  }
  /** Where it is trained. */
  get parameter(): Parameter {
    return this.kept.variable as Parameter;
  }
  /** Where the rule changes it. */
  get state(): State {
    if (this.kept.state === undefined) throw new Error("internal: feedback that is no state");
    return this.kept.state;
  }

  /** Sends a signal at the units of the layer it comes from back to those of the layer it leads to; through another matrix, or one for each position, where it is given. */
  sendBack(signal: Tensor, through = this.weight): Tensor {
    const carrier = { ...this.twin, shared: through.rank === 2 };
    return sendBack(carrier, this.laidOut(signal, carrier), through, this.to.layer);
  }
  /** The slope of the forward weight that it stands for, given a signal at the drives there: averaged over the batch. */
  slope(signal: Tensor): Tensor {
    const perExample = this.laidOut(signal).mul(this.twin.scale / batchOf(this.from.layer, signal));
    return correlate(receiveFrom(this.twin, this.to.layer, this.to.post), perExample);
  }
  /** The forward weight, as it is kept, that unit noise in the place of activity shows in the drives it causes: right on average. */
  shownBy(noise: Tensor, drives: Tensor): Tensor {
    const seen = receiveFrom(this.twin, this.to.layer, noise);
    // The mean over positions of unit noise has variance 1 / positions.
    const variance = this.twin.pooling === "mean" ? 1 / this.to.layer.positions : 1;
    return correlate(seen, this.laidOut(drives).mul(1 / (seen.size(-2) * this.twin.scale * variance)));
  }

  /** A signal of the layer it comes from, laid out as this matrix, or another, is shared. */
  private laidOut(signal: Tensor, as: Grid = this.twin): Tensor {
    return relaid(this.from.layer, as, signal);
  }
}

/** How feedback into the layer below `from` is laid out, and the deviation from which it starts at gain 1: that of Glorot and Bengio (2010). */
export function feedbackLayout({ layer }: LayerView, positions: FeedbackRequest["positions"]) {
  const twin = positions === undefined || layer.positions === 1 ? layer : { ...layer, shared: positions === "shared" };
  return { twin, shape: weightShape(twin), deviation: glorotDeviation(twin) };
}

/**
 * Feedback from the output straight to a layer, [units, classes], laid out and scaled as the weights of a read-out on that layer: with
 * which that of the top layer can be compared. [units of one position, classes] where positions share it.
 */
export class DirectFeedback {
  constructor(
    private readonly to: LayerView,
    private readonly readout: Layer,
    private readonly shared: boolean,
    private readonly kept: Kept,
  ) {}

  get parameter(): Parameter {
    return this.kept.variable as Parameter;
  }
  /** As kept. */
  get matrix(): Tensor {
    return this.kept.value;
  }
  /** What `signal` [rows, classes] becomes at the units: samples of as many examples as it has rows. */
  send(signal: Tensor, matrix = this.matrix): Tensor {
    const arrived = signal.matmul(matrix.transposeLast().mul(this.readout.scale));
    return this.shared ? this.to.toEverySample(arrived) : this.to.fromExamples(arrived);
  }
  /** The slope that a read-out on this layer would have, given what it was sent: averaged over the batch. */
  slope(signal: Tensor): Tensor {
    const { to } = this;
    const active = this.shared ? to.meanOfPositions(to.post).mul(to.layer.positions) : to.perExample(to.post);
    return correlate(active, signal.mul(this.readout.scale / signal.size(0)));
  }
}

/** How direct feedback to a layer is laid out, and the deviation from which it starts at gain 1: sqrt(1 / classes) as it acts where the read-out's scale is 1. */
export function directFeedbackLayout(to: LayerView, readout: Layer, positions: FeedbackRequest["positions"]) {
  const shared = positions === "shared";
  return {
    shared,
    shape: [shared ? to.units : to.unitsInAll, readout.outFeatures],
    deviation: readout.initialDeviation * Math.sqrt(readout.inFeatures / readout.outFeatures),
  };
}
