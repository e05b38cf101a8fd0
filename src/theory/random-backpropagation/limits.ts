/**
 * Where random backpropagation takes linear networks, from their starts, without simulating them (Baldi, Sadowski and Lu 2018).
 *
 * In chains of single units, and in A[1,N,1], all weights are functions of the first one, which follows a polynomial flow: its next root
 * is the limit. For other networks the channel decides what is reached.
 */
import { symmetricEigen } from "../dynamics/linear-algebra.ts";
import { Matrix } from "../dynamics/matrix.ts";
import { channelMatrices, type LinearNetwork } from "./linear-network.ts";
import { limitOfFlow, realRoots, times } from "./real-roots.ts";

/** Numbers that a quantity should come to, in the order of `of`. */
export interface LimitPrediction {
  /** What it is of, in the notation of the network. */
  readonly quantity: string;
  /** Where the statement is from. */
  readonly source: string;
  readonly value: Matrix;
  /** The same quantity at given weights. */
  readonly of: (weights: readonly Matrix[]) => Matrix;
}

const paper = "Baldi, Sadowski and Lu 2018";
const scalar = (value: number): Matrix => new Matrix(1, 1, Float64Array.of(value));

/** All limits that are known for a network; none for gradient descent and for deep networks of more than single units. */
export function predictedLimits(network: LinearNetwork): LimitPrediction[] {
  const { sizes, channel } = network;
  if (channel === "gradient") return [];
  if (sizes.every((size) => size === 1)) return sizes.length <= 6 ? chainLimits(network) : [];
  if (sizes.length !== 3) return [];
  if (sizes[0] === 1 && sizes[2] === 1) return wideLimits(network);
  const whole = projectedLimits(network);
  return isIdentityAutoencoder(network) ? [...autoencoderLimits(network), ...whole] : whole;
}

/** A[1,...,1]: a_(i+1) = c_(i+1) a_i^2 / (2 c_i) + K_i, c_L = 1, so that da_1/dt = c_1 (alpha - beta P(a_1)), of degree 2^L - 1. */
function chainLimits(network: LinearNetwork): LimitPrediction[] {
  const { start, data } = network;
  const c = channelMatrices(network, start).map((matrix) => matrix.at(0, 0));
  const a = start.map((matrix) => matrix.at(0, 0));
  const polynomials = [[0, 1]];
  for (let i = 0; i + 1 < a.length; i++) {
    const below = polynomials[i] ?? [];
    const factor = (c[i + 1] ?? 1) / (2 * (c[i] ?? 1));
    const square = times(below, below).map((value) => value * factor);
    square[0] = (square[0] ?? 0) + (a[i + 1] ?? 0) - factor * (a[i] ?? 0) ** 2;
    polynomials.push(square);
  }
  return firstWeightLimits(
    polynomials.reduce((product, each) => times(product, each)),
    c[0] ?? 1,
    a[0] ?? 0,
    data.targetInput.at(0, 0),
    data.inputs.at(0, 0),
  );
}

/** A[1,N,1]: (a_i - a_i(0)) / c_i is the same for all i and b_i = a_i^2 / (2 c_i) + K_i, so that P is a cubic in a_1. */
function wideLimits({ start, fixed, data }: LinearNetwork): LimitPrediction[] {
  const [first = Matrix.identity(0), second = Matrix.identity(0)] = start;
  const c = [...(fixed[0]?.values ?? [])];
  const a = [...first.values];
  let p = [0, 0, 0, 0];
  c.forEach((each, i) => {
    const slope = each / (c[0] ?? 1);
    const own = [(a[i] ?? 0) - slope * (a[0] ?? 0), slope];
    const above = times(own, own).map((value) => value / (2 * each));
    above[0] = (above[0] ?? 0) + second.at(0, i) - (a[i] ?? 0) ** 2 / (2 * each);
    const product = times(own, above);
    p = p.map((value, k) => value + (product[k] ?? 0));
  });
  return firstWeightLimits(p, c[0] ?? 1, a[0] ?? 0, data.targetInput.at(0, 0), data.inputs.at(0, 0));
}

function firstWeightLimits(
  product: readonly number[],
  channel: number,
  start: number,
  alpha: number,
  beta: number,
): LimitPrediction[] {
  const q = product.map((value, k) => channel * ((k === 0 ? alpha : 0) - beta * value));
  return [
    {
      quantity: "a1",
      source: `next root of a polynomial of degree ${product.length - 1} in a1, ${paper}`,
      value: scalar(limitOfFlow(q, start)),
      of: (weights) => scalar(weights[0]?.at(0, 0) ?? NaN),
    },
    {
      quantity: "P",
      source: `alpha / beta, the least error, ${paper}`,
      value: scalar(alpha / beta),
      of: (weights) => scalar((weights.at(-1) ?? scalar(NaN)).multiply(chained(weights.slice(0, -1))).at(0, 0)),
    },
  ];
}

const chained = (weights: readonly Matrix[]): Matrix =>
  weights.slice(1).reduce((product, next) => next.multiply(product), weights[0] ?? scalar(NaN));

/** A[N0,N1,N2]: C_1 A_2 A_1 goes to C_1 S_TI S_II^-1; A_2 A_1 itself need not go to S_TI S_II^-1. */
function projectedLimits({ fixed, data }: LinearNetwork): LimitPrediction[] {
  const [c = Matrix.identity(0)] = fixed;
  return [
    {
      quantity: "C1 A2 A1",
      source: `C1 S_TI S_II^-1, theorems 7 and 8, ${paper}`,
      value: c.multiply(bestProduct(data)),
      of: (weights) => c.multiply(chained(weights)),
    },
  ];
}

/** S_TI S_II^-1, the product of weights of least squared error. */
export function bestProduct({ targetInput, inputs }: LinearNetwork["data"]): Matrix {
  const { values, vectors } = symmetricEigen(inputs);
  const inverse = vectors.multiply(Matrix.diagonal(values.map((value) => 1 / value))).multiply(vectors.transpose());
  return targetInput.multiply(inverse);
}

/**
 * Mean squared error of P beyond that of the best product M = S_TI S_II^-1: the trace of (P - M) S_II (P - M)'.
 */
export function excessError(product: Matrix, data: LinearNetwork["data"]): number {
  const miss = product.add(bestProduct(data), -1);
  const weighted = miss.multiply(data.inputs);
  return miss.values.reduce((sum, value, i) => sum + value * (weighted.values[i] ?? 0), 0);
}

/**
 * The least excess error of products of the rank that the narrowest layer allows: the squared singular values of M S_II^(1/2) beyond that
 * rank, added up (Eckart and Young 1936).
 */
export function leastExcessError({ sizes, data }: LinearNetwork): number {
  const best = bestProduct(data);
  const { values } = symmetricEigen(best.multiply(data.inputs).multiply(best.transpose()));
  return values.slice(Math.min(...sizes)).reduce((sum, value) => sum + Math.max(value, 0), 0);
}

function isIdentityAutoencoder({ sizes: [n, hidden, m], data }: LinearNetwork): boolean {
  const identity = Matrix.identity(n ?? 0);
  return (
    hidden === 1 &&
    n === m &&
    [data.inputs, data.targetInput].every((moments) => moments.add(identity, -1).largest() === 0)
  );
}

/** A[N,1,N] with T = I and S_II the identity: A_1 goes to b C with b the positive root of (|C|^2/2) b^3 + K b - 1, K = C A_2 - |A_1|^2/2. */
function autoencoderLimits({ start, fixed }: LinearNetwork): LimitPrediction[] {
  const [c = Matrix.identity(0)] = fixed;
  const [first = Matrix.identity(0), second = Matrix.identity(0)] = start;
  const square = c.multiply(c.transpose()).at(0, 0);
  const k = c.multiply(second).at(0, 0) - first.multiply(first.transpose()).at(0, 0) / 2;
  const b = realRoots([-1, k, 0, square / 2]).find((root) => root > 0) ?? NaN;
  const source = `theorem 6, b = ${b.toPrecision(6)}, ${paper}`;
  const layer =
    (index: number) =>
    (weights: readonly Matrix[]): Matrix =>
      weights[index] ?? c;
  return [
    { quantity: "A1 -> b C1", source, value: c.scale(b), of: layer(0) },
    { quantity: "A2 -> C1'/(b |C1|^2)", source, value: c.transpose().scale(1 / (b * square)), of: layer(1) },
    {
      quantity: "A2 A1 -> C1' C1/|C1|^2",
      source,
      value: c
        .transpose()
        .multiply(c)
        .scale(1 / square),
      of: chained,
    },
  ];
}
