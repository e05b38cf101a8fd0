/**
 * What the audit says of expressions, against what these compute: values are changed one by one at random points, kinks and ties among
 * them, and whatever moves must have been said to move.
 */
import { type DType, input, range, sizeOf, type Tensor, topological } from "../../graph/index.ts";
import type { PrimitiveCase } from "../../graph/primitive-cases.contract.ts";
import { type Random, stream } from "../../random/stream.ts";
import { dependences } from "./dependence.ts";
import { boundsOf, unbounded } from "./index-range.ts";
import { alongAxis } from "./load.ts";
import { inputBound, isFinite } from "./magnitude.ts";
import { mixtures } from "./mixing.ts";
import { randomGraph } from "./random-graph.contract.ts";
import { elementsOf, isSameNumber, type Precision, told, type Values, valuesOf } from "./semantics.contract.ts";
import { wholeConstants } from "./whole-constants.ts";
import { zerosOf } from "./zeros.ts";

/** Values of one element of an input: any within what certificates allow for, or such as add up without loss. */
type Draw = (random: Random, isModerate: boolean) => number;

/** An expression over inputs, and how their values are drawn. */
export interface Case {
  readonly inputs: ReadonlyMap<Tensor, Draw>;
  readonly outputs: readonly Tensor[];
}

const oneOf = (random: Random, list: readonly number[]): number => list[random.integer(list.length)]!;

/** Zeros, ties, kinks, what is beyond the whole numbers of float32 once it is squared, and the largest values allowed. */
const special = [0, 0, -0, 1, 1, -1, 2, 0.5, -0.5, -2.5, 1.5, 1e-3, 5000, -3e5, inputBound, -inputBound];
const moderate = [0, 1, -1, 2, 0.5, -2.5];
export const drawOf: Record<DType, Draw> = {
  float32: (random, isModerate) =>
    random.uniform() < 0.4 ? Math.fround(random.normal()) : oneOf(random, isModerate ? moderate : special),
  int32: (random) => random.integer(7) - 3,
  bool: (random) => random.integer(2),
};

/** A primitive's own case, with other numbers than those at which it has a derivative. */
export function caseOf({ inputs: described, build }: PrimitiveCase): Case {
  const inputs = described.map(({ shape, dtype }, i) => input(`x${i}`, shape, dtype));
  const draws = described.map(({ dtype, draw }): Draw =>
    dtype === "int32" ? (random) => draw(random, 1)[0]! : drawOf[dtype],
  );
  return { inputs: new Map(inputs.map((one, i) => [one, draws[i]!])), outputs: [build(...inputs)] };
}

export function grown(seed: number): Case {
  const random = stream(seed, "random graph");
  const { inputs, outputs } = randomGraph(random, 3 + random.integer(6));
  return { inputs: new Map(inputs.map((one) => [one, drawOf[one.dtype]])), outputs };
}

function drawFeeds({ inputs }: Case, random: Random, isModerate = false): Map<Tensor, number[]> {
  return new Map([...inputs].map(([one, draw]) => [one, range(sizeOf(one.shape)).map(() => draw(random, isModerate))]));
}

/** The same values but where `which` says so, where they are those of others. */
function replaced(feeds: Values, others: Values, which: (node: Tensor, at: number) => boolean): Values {
  return new Map(
    [...feeds].map(([node, values]) => {
      const to = others.get(node)!;
      return [node, Array.from(values, (value, i) => (which(node, i) ? to[i]! : value))];
    }),
  );
}

/** Elements that move with an element of an input whose tag they do not carry. */
function unsaidDependences(one: Case, random: Random, precision: Precision): string[] {
  const order = topological(one.outputs);
  const places = [...one.inputs.keys()].flatMap((node) => range(sizeOf(node.shape)).map((at) => ({ node, at })));
  // As many as a set has bits; others at the next point.
  const tagged = [...random.permutation(places.length)].slice(0, 31).map((place) => places[place]!);
  const known = dependences(one.outputs, {
    at: (node) => {
      if (!one.inputs.has(node)) return undefined;
      const values = new Int32Array(sizeOf(node.shape));
      tagged.forEach((place, bit) => {
        if (place.node === node) values[place.at] = 1 << bit;
      });
      return { shape: node.shape, values };
    },
  });
  const sets = order.map((node) => elementsOf(known.get(node), node));
  const feeds = drawFeeds(one, random);
  const before = valuesOf(one.outputs, feeds, precision);
  if (before === undefined) return [];
  const others = drawFeeds(one, random);
  return tagged.flatMap((place, bit) => {
    const moved = replaced(feeds, others, (node, at) => node === place.node && at === place.at);
    const after = valuesOf(one.outputs, moved, precision);
    if (after === undefined) return [];
    return order.flatMap((node, n) => {
      const [was, is] = [before.get(node)!, after.get(node)!];
      const unsaid = range(was.length).filter(
        (i) => !isSameNumber(was[i]!, is[i]!) && (sets[n]![i]! & (1 << bit)) === 0,
      );
      return unsaid.map((i) => `element ${i} moves with element ${place.at} of ${told(place.node)}: ${told(node)}`);
    });
  });
}

/** Elements that move with a sample, or with two of them together, of which they are not said to be made. Samples are rows of inputs. */
function unsaidMixtures(one: Case, random: Random): string[] {
  const own = [...one.inputs.keys()].filter(({ rank }) => rank > 0);
  const samples = Math.max(0, ...own.map((node) => node.size(0)));
  if (samples < 2) return [];
  const known = mixtures(one.outputs, {
    at: (node) => (own.includes(node) ? alongAxis(node, 0, (sample) => sample + 1) : undefined),
  });
  const [base, others] = [drawFeeds(one, random, true), drawFeeds(one, random, true)];
  const rowOf = (node: Tensor, at: number): number => Math.floor(at / sizeOf(node.shape.slice(1)));
  const withRow = (feeds: Values, sample: number): Values =>
    replaced(feeds, others, (node, at) => own.includes(node) && rowOf(node, at) === sample);
  return range(samples).flatMap((a) => {
    const b = (a + 1 + random.integer(samples - 1)) % samples;
    const all = [base, withRow(base, a), withRow(base, b), withRow(withRow(base, a), b)].flatMap(
      (feeds) => valuesOf(one.outputs, feeds, "float64") ?? [],
    );
    if (all.length < 4) return [];
    const sizes = all.flatMap((values) => [...values.values()].flatMap((list) => Array.from(list, Math.abs)));
    const scale = sizes.reduce((most, size) => (Number.isFinite(size) ? Math.max(most, size) : most), 1);
    return topological(one.outputs).flatMap((node) => {
      const forms = elementsOf(known.get(node), node);
      return range(forms.length).flatMap((i) => {
        const form = forms[i]!;
        const [f, withA, withB, both] = all.map((values) => values.get(node)![i]!) as [number, number, number, number];
        const second = Math.abs(f - withA - withB + both);
        return [
          ...(form >= 0 && form !== a + 1 && !isSameNumber(f, withA)
            ? [`element ${i}, made of sample ${form}, moves with sample ${a + 1}: ${told(node)}`]
            : []),
          ...(form !== mixed && scale < 1e9 && second > 1e-11 * scale
            ? [`element ${i}, of form ${form}, is no sum over samples ${a + 1} and ${b + 1}: ${told(node)}`]
            : []),
        ];
      });
    });
  });
}
/** The form of what is mixed (`mixing.ts`). */
const mixed = -2;

/** Elements that are not 0, not within bounds, not finite or not the constant that they are said to be, as the graph runs. */
function brokenValues(one: Case, random: Random, precision: Precision): string[] {
  const order = topological(one.outputs);
  const values = valuesOf(one.outputs, drawFeeds(one, random), precision);
  if (values === undefined) return [];
  const [zeros, constants] = [zerosOf(order), wholeConstants(order)];
  return order.flatMap((node) => {
    const list = values.get(node)!;
    const { low, high } = boundsOf(node);
    const [least, most] = [elementsOf(low, node), elementsOf(high, node)];
    const zero = elementsOf(zeros.get(node), node);
    const known = constants.get(node);
    const whole = elementsOf(known, node);
    return range(list.length).flatMap((i) => {
      const value = list[i]!;
      const isBelow = least[i] !== -unbounded && value < least[i]!;
      const isAbove = most[i] !== unbounded && value > most[i]!;
      return [
        ...(zero[i] === 1 && value !== 0 ? [`element ${i} is ${value}, not 0: ${told(node)}`] : []),
        ...(known !== undefined && value !== whole[i]
          ? [`element ${i} is ${value}, not ${whole[i]}: ${told(node)}`]
          : []),
        ...(isBelow || isAbove ? [`element ${i} is ${value}, not from ${least[i]} to ${most[i]}: ${told(node)}`] : []),
        ...(isFinite(node) && !Number.isFinite(value) ? [`element ${i} is ${value}, not finite: ${told(node)}`] : []),
      ];
    });
  });
}

/** What a case shows of the audit: what it gets wrong, at so many points. */
export function contradictions(one: Case, seed: number, points: number): string[] {
  const random = stream(seed, "semantics");
  return range(points).flatMap((point) => {
    const precision = point % 2 === 0 ? "float32" : "float64";
    return [
      ...unsaidDependences(one, random, precision),
      ...unsaidMixtures(one, random),
      ...brokenValues(one, random, precision),
    ];
  });
}

/** What is wrong with so many random expressions, from a seed on; "" where nothing is. */
export function wrongOfRandom(from: number, count: number, seed: number): string {
  return range(count)
    .flatMap((i) => contradictions(grown(from + i), seed, 2).slice(0, 1))
    .join("\n");
}
