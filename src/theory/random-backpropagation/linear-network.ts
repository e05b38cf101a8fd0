/**
 * Linear networks A[N0,...,NL] that learn by (random) backpropagation, in expectation and continuous time.
 *
 *   dA_l/dt = C_l E (A_(l-1) ... A_1)'      E = S_TI - P S_II,   P = A_L ... A_1
 *
 * A_l is N_l x N_(l-1), S_TI = E[T I'], S_II = E[I I']. The channel C_l, N_l x N_L, brings the output error to layer l; C_L is the identity.
 * `random`: C_l = B_l C_(l+1), every B_l fixed. `skipped`: every C_l fixed. `gradient`: C_l = (A_L ... A_(l+1))', gradient descent.
 * With one hidden layer random and skipped are the same. Source: Baldi, Sadowski and Lu 2018.
 */
import { Matrix } from "../dynamics/matrix.ts";
import type { VectorField } from "../dynamics/integrate.ts";

/** How the output error reaches the hidden layers. */
export const channelKinds = ["random", "skipped", "gradient"] as const;
export type ChannelKind = (typeof channelKinds)[number];

/** Moments of inputs I and targets T. */
export interface LinearData {
  /** S_TI, N_L x N_0. */
  readonly targetInput: Matrix;
  /** S_II, N_0 x N_0, symmetric and positive definite. */
  readonly inputs: Matrix;
}

/** A linear network with its channel, data, and weights at time 0. */
export interface LinearNetwork {
  /** N_0 ... N_L; at least one hidden layer. */
  readonly sizes: readonly number[];
  readonly channel: ChannelKind;
  /** `random`: B_1 ... B_(L-1), N_l x N_(l+1). `skipped`: C_1 ... C_(L-1), N_l x N_L. `gradient`: none. */
  readonly fixed: readonly Matrix[];
  readonly data: LinearData;
  /** A_1 ... A_L at time 0. */
  readonly start: readonly Matrix[];
}

/** Throws RangeError when a matrix does not have the shape that the sizes ask for. */
export function checkNetwork({ sizes, channel, fixed, data, start }: LinearNetwork): void {
  const layers = sizes.length - 1;
  const output = sizes[layers] ?? 0;
  const expectShape = (name: string, matrix: Matrix | undefined, rows = 0, columns = 0): void => {
    if (matrix?.rows === rows && matrix.columns === columns) return;
    const got = matrix === undefined ? "none" : `${matrix.rows} x ${matrix.columns}`;
    throw new RangeError(`${name}: expected a matrix ${rows} x ${columns} for A[${sizes.join(",")}], got ${got}`);
  };
  if (layers < 2 || sizes.some((size) => !Number.isInteger(size) || size < 1))
    throw new RangeError(
      `architecture: expected at least three sizes, whole numbers of at least 1, got A[${sizes.join(",")}]`,
    );
  expectShape("S_TI", data.targetInput, output, sizes[0]);
  expectShape("S_II", data.inputs, sizes[0], sizes[0]);
  for (let l = 1; l <= layers; l++) {
    expectShape(`A_${l}`, start[l - 1], sizes[l], sizes[l - 1]);
    if (l === layers || channel === "gradient") continue;
    expectShape(
      `${channel === "random" ? "B" : "C"}_${l}`,
      fixed[l - 1],
      sizes[l],
      channel === "random" ? sizes[l + 1] : output,
    );
  }
}

/** All weights in one vector, layer by layer, row by row. */
export function packed(weights: readonly Matrix[]): Float64Array {
  return Float64Array.from(weights.flatMap(({ values }) => [...values]));
}

/** The layers' matrices A_1 ... A_L of such a vector. */
export function unpacked(sizes: readonly number[], state: ArrayLike<number>): Matrix[] {
  let from = 0;
  return sizes.slice(1).map((rows, l) => {
    const columns = sizes[l] ?? 0;
    const values = Float64Array.from({ length: rows * columns }, (_, i) => state[from + i] ?? 0);
    from += values.length;
    return new Matrix(rows, columns, values);
  });
}

/** P = A_L ... A_1, N_L x N_0. */
export function productOf(weights: readonly Matrix[]): Matrix {
  return weights.slice(1).reduce((product, next) => next.multiply(product), weights[0] ?? new Matrix(0, 0));
}

/** E = S_TI - P S_II, the correlation of output error and input: 0 where the squared error is least. */
export function errorCorrelation({ targetInput, inputs }: LinearData, weights: readonly Matrix[]): Matrix {
  return targetInput.add(productOf(weights).multiply(inputs), -1);
}

/** C_1 ... C_L at these weights. */
export function channelMatrices({ sizes, channel, fixed }: LinearNetwork, weights: readonly Matrix[]): Matrix[] {
  const layers = sizes.length - 1;
  const matrices = [Matrix.identity(sizes[layers] ?? 0)];
  for (let l = layers - 1; l >= 1; l--) {
    const [above = Matrix.identity(0)] = matrices;
    const own = fixed[l - 1] ?? Matrix.identity(0);
    if (channel === "gradient") matrices.unshift((weights[l] ?? own).transpose().multiply(above));
    else matrices.unshift(channel === "random" ? own.multiply(above) : own);
  }
  return matrices;
}

/** The right-hand side of dA/dt on packed weights. */
export function weightFlow(network: LinearNetwork): VectorField {
  return (_t, state) => {
    const weights = unpacked(network.sizes, state);
    const error = errorCorrelation(network.data, weights);
    const channels = channelMatrices(network, weights);
    // (A_(l-1) ... A_1)', starting with the identity below the first layer.
    let below = Matrix.identity(network.sizes[0] ?? 0);
    return packed(
      weights.map((layer, l) => {
        const change = (channels[l] ?? below).multiply(error).multiply(below.transpose());
        below = layer.multiply(below);
        return change;
      }),
    );
  };
}
