/** A layer's own classifier by plain loops, for tests of layerwise supervised rules. */
import { type LayerNumbers, logSumExp, mean, times } from "./layerwise.contract.ts";
import type { Cube } from "./rule-cases.contract.ts";

/** The classifier's options. */
export interface NaiveClassifier {
  readonly head: "linear" | "mlp";
  readonly hidden: number;
  readonly pooling: "flatten" | "mean";
}

/** [batch][position][unit] as one vector per sample. */
export function naivePooled(post: Cube, pooling: "flatten" | "mean"): number[][] {
  return post.map((sample) =>
    pooling === "flatten" ? sample.flat() : sample[0]!.map((_, j) => mean(sample.map((units) => units[j]!))),
  );
}

/** x . W + b with W and b found under these names. */
export function naiveAffine(
  { matrix, layer }: LayerNumbers,
  x: number[][],
  weight: string,
  bias: string,
  out: number,
): number[][] {
  const offsets = matrix(`${layer.name}.${bias}`, out)[0]!;
  return times(x, matrix(`${layer.name}.${weight}`, out)).map((row) => row.map((value, k) => value + offsets[k]!));
}

/** Mean cross-entropy of the layer's own classifier. */
export function naiveClassifier(numbers: LayerNumbers, { head, hidden, pooling }: NaiveClassifier): number {
  const x = naivePooled(numbers.own.post, pooling);
  const features =
    head === "linear"
      ? x
      : naiveAffine(numbers, x, "hidden", "hiddenBias", hidden).map((row) => row.map((a) => Math.max(a, 0)));
  const scores = naiveAffine(numbers, features, "classifier", "classifierBias", numbers.classes);
  return mean(scores.map((row, b) => logSumExp(row) - row[numbers.labels[b]!]!));
}
