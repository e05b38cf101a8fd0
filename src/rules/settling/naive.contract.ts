/**
 * A network in plain loops over numbers, whose layers may be given any activity: what the equations of settling and target rules
 * are written on in tests. Activity is [sample][position][unit].
 */
import type { Network } from "../../networks/index.ts";
import { type Cube, type Feeds, type NetworkCase, rows } from "../testing/rule-cases.contract.ts";

export type Energy = "cross-entropy" | "squared";
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** f of one number. */
export function respond(activation: Network["layers"][number]["activation"], a: number): number {
  if (activation === "relu") return Math.max(a, 0);
  return activation === "tanh" ? Math.tanh(a) : a;
}

/** Applies `f` to numbers at the same place of cubes of one shape. */
export function mapCubes(f: (...values: number[]) => number, ...cubes: readonly Cube[]): Cube {
  return cubes[0]!.map((sample, b) =>
    sample.map((units, p) => units.map((_, j) => f(...cubes.map((c) => c[b]![p]![j]!)))),
  );
}

/** The network of a case, with the parameters in `feeds`. */
export function naiveNetwork({ network, symbols, vocabulary }: NetworkCase, feeds: Feeds) {
  const { readout } = network;
  const labels = feeds.labels!;
  const out = rows(feeds["readout.weight"]!, readout.classes);

  const layers = network.layers.map((layer) => {
    const { index, positions, inFeatures, outFeatures, shared, scale, activation } = layer;
    const all = rows(rows(feeds[`layer${index}.weight`]!, outFeatures), inFeatures);
    const biases = feeds[`layer${index}.bias`] && rows(feeds[`layer${index}.bias`]!, outFeatures);
    const weight = (p: number): number[][] => all[shared ? 0 : p]!;
    /** What each position reads: [sample][position][input]. */
    const pre = (below: Cube): Cube => below.map((sample) => rows(sample.flat(), inFeatures));
    const drive = (below: Cube): Cube =>
      pre(below).map((sample) =>
        sample.map((x, p) =>
          range(outFeatures).map((j) => {
            let a = biases === undefined ? 0 : (biases[p] ?? biases[0]!)[j]!;
            for (let i = 0; i < inFeatures; i++) a += scale * x[i]! * weight(p)[i]![j]!;
            return a;
          }),
        ),
      );
    /** A signal at the units, sent to the inputs through the same weights, in the shape of what is below. */
    const sendDown = (signal: Cube, below: Cube): Cube =>
      signal.map((sample, b) => {
        const flat = range(positions).flatMap((p) =>
          range(inFeatures).map((i) => sample[p]!.reduce((sum, s, j) => sum + scale * s * weight(p)[i]![j]!, 0)),
        );
        return rows(flat, below[b]![0]!.length);
      });
    return { layer, pre, drive, sendDown, activate: (a: Cube) => mapCubes((x) => respond(activation, x), a) };
  });

  const features = (top: Cube): number[][] =>
    top.map((sample) =>
      readout.pooling === "flatten"
        ? sample.flat()
        : sample[0]!.map((_, j) => sample.reduce((sum, units) => sum + units[j]!, 0) / sample.length),
    );
  const scores = (top: Cube): number[][] =>
    features(top).map((x) =>
      range(readout.classes).map(
        (k) => feeds["readout.bias"]![k]! + x.reduce((sum, value, i) => sum + readout.scale * value * out[i]![k]!, 0),
      ),
    );
  /** E of each sample. */
  const energies = (top: Cube, energy: Energy): number[] =>
    scores(top).map((row, b) => {
      const total = row.reduce((sum, s) => sum + Math.exp(s), 0);
      const p = row.map((s) => Math.exp(s) / total);
      const right = labels[b]!;
      if (energy === "cross-entropy") return -Math.log(p[right]!);
      return p.reduce((sum, value, k) => sum + 0.5 * (value - (k === right ? 1 : 0)) ** 2, 0);
    });
  /** dE/dtop by central differences. */
  const slopeAtTop = (top: Cube, energy: Energy): Cube =>
    top.map((sample, b) =>
      sample.map((units, p) =>
        units.map((value, j) => {
          const at = (x: number): number => {
            const moved = top.map((s) => s.map((u) => [...u]));
            moved[b]![p]![j] = x;
            return energies(moved, energy)[b]!;
          };
          return central(at, value);
        }),
      ),
    );
  const input: Cube = rows(feeds.tokens!, symbols).map((row) => [
    row.flatMap((symbol) => range(vocabulary).map((v) => (v === symbol ? 1 : 0))),
  ]);
  /** Activity of every layer in the forward pass. */
  const forward = (): Cube[] => {
    const activity: Cube[] = [];
    layers.forEach(({ drive, activate }, l) => activity.push(activate(drive(activity[l - 1] ?? input))));
    return activity;
  };
  return { layers, input, forward, features, scores, energies, slopeAtTop, labels };
}
export type NaiveNetwork = ReturnType<typeof naiveNetwork>;

/** f'(x) by central differences, good to 1e-9 for functions and values of order one; short enough to miss kinks. */
function central(f: (x: number) => number, x: number): number {
  const step = 1e-5;
  return (f(x + step) - f(x - step)) / (2 * step);
}

/** Derivative of `f` by every number of a list. */
export function slopes(f: (x: readonly number[]) => number, x: readonly number[]): number[] {
  return x.map((value, i) => central((t) => f(x.map((other, k) => (k === i ? t : other))), value));
}

/** All lists of a record in one, in the order of `names`. */
export function flatten(lists: Readonly<Record<string, readonly number[]>>, names: readonly string[]): number[] {
  return names.flatMap((name) => [...lists[name]!]);
}

/** Cosine of the angle between two lists. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  const product = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}
