/** Networks and data drawn at random, for examples and tests. */
import type { Random } from "../../random/stream.ts";
import { Matrix } from "../dynamics/matrix.ts";
import type { ChannelKind, LinearData, LinearNetwork } from "./linear-network.ts";

/** A matrix of independent normals of mean 0. */
export function drawMatrix(rows: number, columns: number, random: Random, deviation = 1): Matrix {
  return new Matrix(
    rows,
    columns,
    Float64Array.from({ length: rows * columns }, () => deviation * random.normal()),
  );
}

/** Data to draw: `random` moments, or the `identity` for an autoencoder of white inputs. */
export const dataKinds = ["random", "identity"] as const;
export type DataKind = (typeof dataKinds)[number];

/**
 * Moments for an architecture. `random`: S_II = 1/2 + G G' / (2 N0) with G normal, so that no eigenvalue is below 1/2, and S_TI = M S_II for a
 * normal M, the product of least error; for single units the error is least at P = M. `identity`: S_TI = S_II = 1; throws RangeError
 * unless the first and last size are equal.
 */
export function drawData(sizes: readonly number[], kind: DataKind, random: Random): LinearData {
  const [inputs, outputs] = [sizes[0] ?? 0, sizes.at(-1) ?? 0];
  if (kind === "identity") {
    if (inputs !== outputs)
      throw new RangeError(
        `identity data: expected as many outputs as inputs, got A[${sizes.join(",")}]; the target is the input`,
      );
    return { targetInput: Matrix.identity(inputs), inputs: Matrix.identity(inputs) };
  }
  const mixing = drawMatrix(inputs, inputs, random);
  const second = Matrix.identity(inputs)
    .scale(0.5)
    .add(mixing.multiply(mixing.transpose()), 0.5 / inputs);
  return { targetInput: drawMatrix(outputs, inputs, random).multiply(second), inputs: second };
}

/** Options of `drawNetwork`. */
export interface DrawOptions {
  readonly sizes: readonly number[];
  readonly channel: ChannelKind;
  readonly data: LinearData;
  /** Standard deviation of the first weights. */
  readonly deviation: number;
}

/** A network with a normal channel of deviation 1 and normal first weights. */
export function drawNetwork({ sizes, channel, data, deviation }: DrawOptions, random: Random): LinearNetwork {
  const layers = sizes.length - 1;
  const start = Array.from({ length: layers }, (_, l) =>
    drawMatrix(sizes[l + 1] ?? 0, sizes[l] ?? 0, random, deviation),
  );
  const fixed = Array.from({ length: channel === "gradient" ? 0 : layers - 1 }, (_, l) =>
    drawMatrix(sizes[l + 1] ?? 0, (channel === "random" ? sizes[l + 2] : sizes[layers]) ?? 0, random),
  );
  return { sizes, channel, data, start, fixed };
}
