/**
 * Quantities that learning in a linear network does not change: one symmetric matrix for each pair of neighbouring layers.
 *
 *   gradient descent        A_(l+1)' A_(l+1) - A_l A_l'
 *   random backpropagation  B_l A_(l+1) + A_(l+1)' B_l' - A_l A_l'
 *
 * Both follow from dA_l/dt = C_l G and dA_(l+1)/dt = C_(l+1) G A_l' with the same G: where C_l = B C_(l+1) for a fixed B, B dA_(l+1)/dt is
 * dA_l/dt A_l'. For one hidden layer this is the invariant of A[N0,N1,N2] (Baldi, Sadowski and Lu 2018), for chains of single units
 * a_(l+1) = c_(l+1) a_l^2 / (2 c_l) + constant. A skipped channel has such a B where C_(l+1) has rank N_L.
 */
import { Matrix } from "../dynamics/matrix.ts";
import { rankOf, solve } from "../dynamics/linear-algebra.ts";
import type { LinearNetwork } from "./linear-network.ts";

/** The conserved matrix of layers l and l + 1. */
export interface LayerInvariant {
  /** The lower layer, from 1. */
  readonly layer: number;
  readonly text: string;
  readonly value: (weights: readonly Matrix[]) => Matrix;
}

/** The invariants of a network, from the first pair of layers on; pairs that have none are left out. */
export function layerInvariants(network: LinearNetwork): LayerInvariant[] {
  const layers = network.sizes.length - 1;
  return Array.from({ length: layers - 1 }, (_, i) => i + 1).flatMap((layer) => {
    const [low, high] = [`A${layer}`, `A${layer + 1}`];
    const of = (weights: readonly Matrix[]): [Matrix, Matrix] => [
      weights[layer - 1] ?? Matrix.identity(0),
      weights[layer] ?? Matrix.identity(0),
    ];
    if (network.channel === "gradient") {
      const value = (weights: readonly Matrix[]): Matrix => {
        const [below, above] = of(weights);
        return above.transpose().multiply(above).add(below.multiply(below.transpose()), -1);
      };
      return [{ layer, text: `${high}' ${high} - ${low} ${low}'`, value }];
    }
    const link = linkMatrix(network, layer);
    if (link === undefined) return [];
    const value = (weights: readonly Matrix[]): Matrix => {
      const [below, above] = of(weights);
      const sent = link.multiply(above);
      return sent.add(sent.transpose()).add(below.multiply(below.transpose()), -1);
    };
    const name = `${layers === 2 ? "C" : "B"}${layer}`;
    return [{ layer, text: `${name} ${high} + ${high}' ${name}' - ${low} ${low}'`, value }];
  });
}

/** B with C_l = B C_(l+1): given for a random channel, C_l times the pseudo-inverse of C_(l+1) for a skipped one. */
function linkMatrix({ sizes, channel, fixed }: LinearNetwork, layer: number): Matrix | undefined {
  const own = fixed[layer - 1];
  const above = fixed[layer];
  if (channel === "random" || layer === sizes.length - 2 || own === undefined || above === undefined) return own;
  const square = above.transpose().multiply(above);
  if (rankOf(square) < square.rows) return undefined;
  // B = C_l (C'C)^-1 C' with C = C_(l+1), column by column of the right part.
  const right = above.transpose();
  const columns = Array.from({ length: right.columns }, (_, j) => solve(square, right.column(j)).x);
  const inverse = new Matrix(square.rows, right.columns);
  columns.forEach((column, j) => column.forEach((value, i) => inverse.set(i, j, value)));
  return own.multiply(inverse);
}
