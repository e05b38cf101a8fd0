/**
 * A recurrent network unrolled over time, with three ways to change its weights: backpropagation through time and two perturbations.
 *
 *   a_t = x_t U + h_{t-1} V,   h_t = tanh(a_t),   h_0 = 0,   logits = h_T R,   t = 1 ... T
 *
 *   bptt                  the derivative of the loss by U and V through all T steps
 *   weight-perturbation   (1/k) sum_draws  (L(U + sigma xi, V + sigma xi') - L) / sigma  (xi, xi'),   one xi for all times and examples
 *   node-perturbation     (1/k) sum_draws  sum_t < (L~ - L) / sigma  (x_t, h_{t-1}) xi_t^T >,   xi_t for every unit, time and example
 *
 * A string is read symbol by symbol, x_t [batch, v] one-hot; U [v, N], V [N, N], R [N, classes]; the label is asked for at the end. All
 * three are computed in one graph from the same batch and parameters; (L~ - L) / sigma is that of the shipped rules of perturbation. R is
 * not part of the channel.
 */
import { cost, crossEntropies, crossEntropy, grad, input, type Tensor } from "../../src/graph/index.ts";
import { type Order, orderOfCounts } from "../../src/audit/channel/order.ts";
import { slopeAlong } from "../../src/rules/index.ts";
import { simplifyAll } from "../../src/train/index.ts";

/** Ways to find the change of a recurrent network's weights. */
export const recurrentMethods = ["bptt", "weight-perturbation", "node-perturbation"] as const;
/** One of them. */
export type RecurrentMethod = (typeof recurrentMethods)[number];

/** Sizes of an unrolled network and of what is tried on it. */
export interface RecurrentSizes {
  readonly symbols: number;
  /** T, symbols of a string. */
  readonly length: number;
  /** N, recurrent units. */
  readonly width: number;
  readonly classes: number;
  readonly batch: number;
  /** k, perturbations whose updates are averaged. */
  readonly draws: number;
}

/** Size of the noise on weights and on pre-activations. */
const sigma = { weights: 1e-3, units: 1e-2 } as const;

/** Values by the two weight matrices of the recurrent layer. */
export interface RecurrentWeights {
  /** U, [symbols, width] */
  readonly inward: Tensor;
  /** V, [width, width] */
  readonly recurrent: Tensor;
}

/** What the unrolled graph computes; its inputs are `tokens`, `labels`, `inward`, `recurrent`, `readout`, `learningRate` and `noise.*`. */
export interface UnrolledNetwork {
  /** [batch, classes] */
  readonly logits: Tensor;
  readonly updates: Readonly<Record<RecurrentMethod, RecurrentWeights>>;
  /** Descent along bptt, as state outputs. */
  readonly next: Readonly<Record<string, Tensor>>;
}

/** Builds the network unrolled over its string, with the update of every method. */
export function unrolledNetwork({ symbols, length, width, classes, batch, draws }: RecurrentSizes): UnrolledNetwork {
  const tokens = input("tokens", [batch, length], "int32");
  const labels = input("labels", [batch], "int32");
  const weights = { inward: input("inward", [symbols, width]), recurrent: input("recurrent", [width, width]) };
  const readout = input("readout", [width, classes]);
  const seen = tokens.oneHot(symbols);
  const inputs = Array.from({ length }, (_, t) => seen.narrow(1, t, t + 1).reshape([batch, symbols]));

  const run = (
    { inward, recurrent }: RecurrentWeights,
    shake: (drive: Tensor, t: number) => Tensor = (drive) => drive,
  ) => {
    const states: Tensor[] = [];
    for (const [t, x] of inputs.entries()) {
      const before = states.at(-1);
      const drive = x.matmul(inward);
      states.push(shake(before === undefined ? drive : drive.add(before.matmul(recurrent)), t).tanh());
    }
    return { states, logits: (states.at(-1) ?? seen).matmul(readout) };
  };
  const { states, logits } = run(weights);
  const loss = crossEntropy(logits, labels);
  const [inward, recurrent, outward] = grad(loss, [weights.inward, weights.recurrent, readout]);
  if (inward === undefined || recurrent === undefined || outward === undefined)
    throw new Error("internal: no derivative");

  const each = Array.from({ length: draws }, (_, draw) => draw);
  const byWeights = each.map((draw): RecurrentWeights => {
    const noise = {
      inward: input(`noise.inward.${draw}`, weights.inward.shape),
      recurrent: input(`noise.recurrent.${draw}`, weights.recurrent.shape),
    };
    const lossAt = (side: number): Tensor => {
      if (side === 0) return loss;
      const shaken = run({
        inward: weights.inward.add(noise.inward.mul(side * sigma.weights)),
        recurrent: weights.recurrent.add(noise.recurrent.mul(side * sigma.weights)),
      });
      return crossEntropy(shaken.logits, labels);
    };
    const slope = slopeAlong(lossAt, { sigma: sigma.weights, antithetic: false });
    return { inward: noise.inward.mul(slope), recurrent: noise.recurrent.mul(slope) };
  });
  const byUnits = each.map((draw): RecurrentWeights => {
    const noises = inputs.map((_, t) => input(`noise.units.${draw}.${t}`, [batch, width]));
    const lossesAt = (side: number): Tensor => {
      if (side === 0) return crossEntropies(logits, labels);
      const shaken = run(weights, (drive, t) => drive.add((noises[t] ?? drive).mul(side * sigma.units)));
      return crossEntropies(shaken.logits, labels);
    };
    const slopes = slopeAlong(lossesAt, { sigma: sigma.units, antithetic: false });
    const deltas = noises.map((noise) => noise.mul(slopes.mul(1 / batch).expand(1)));
    const later = deltas.slice(1).map((delta, t) => (states[t] ?? delta).transposeLast().matmul(delta));
    return {
      inward: sum(deltas.map((delta, t) => (inputs[t] ?? delta).transposeLast().matmul(delta))),
      // Nothing was there before the first symbol: the recurrent weights of a string of one symbol learn nothing.
      recurrent: later.length === 0 ? weights.recurrent.mul(0) : sum(later),
    };
  });
  const rate = input("learningRate", []);
  const descended = { inward, recurrent, readout: outward };
  const values = { ...weights, readout };
  return {
    logits,
    updates: {
      bptt: { inward, recurrent },
      "weight-perturbation": average(byWeights),
      "node-perturbation": average(byUnits),
    },
    next: Object.fromEntries(
      (["inward", "recurrent", "readout"] as const).map((name) => [
        `next.${name}`,
        values[name].sub(descended[name].mul(rate)),
      ]),
    ),
  };
}

function sum(terms: readonly Tensor[]): Tensor {
  return terms.reduce((total, term) => total.add(term));
}

function average(updates: readonly RecurrentWeights[]): RecurrentWeights {
  const mean = (terms: readonly Tensor[]): Tensor => sum(terms).mul(1 / terms.length);
  return { inward: mean(updates.map((own) => own.inward)), recurrent: mean(updates.map((own) => own.recurrent)) };
}

/** Operations of one update of U and V by one batch, beyond the forward pass through all symbols. */
export function recurrentOperations(sizes: RecurrentSizes, method: RecurrentMethod): number {
  const { logits, updates } = unrolledNetwork(sizes);
  const operations = (more: Readonly<Record<string, Tensor>>): number =>
    cost(Object.values(simplifyAll({ ...more, logits }))).operations;
  return operations({ ...updates[method] }) - operations({});
}

/** Order of a method's operations a weight by one example, in units N (as many symbols), symbols T and draws k, by counting as in `operationOrder`. */
export function recurrentOrder(method: RecurrentMethod): Order | undefined {
  const axes = [
    { symbol: "N", sizes: [6, 8, 10, 12], check: 14 },
    { symbol: "T", sizes: [3, 4, 5, 6], check: 7 },
    { symbol: "k", sizes: [2, 3, 4], check: 5 },
  ];
  const at = ({ N: width = 1, T: length = 1, k: draws = 1 }: Readonly<Record<string, number>>): number =>
    recurrentOperations({ symbols: width, length, width, classes: 5, batch: 1, draws }, method);
  // W = v N + N^2 = 2 N^2, with v = N.
  const order = orderOfCounts(axes, at, { N: 2 });
  return order && { ...order, terms: order.terms.map((term) => ({ ...term, coefficient: term.coefficient / 2 })) };
}
