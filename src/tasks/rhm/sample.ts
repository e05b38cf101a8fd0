/**
 * Strings drawn uniformly without replacement, in disjoint sets.
 *
 * Strings are drawn in the order test, validation, train. With one seed, a larger training set therefore contains the smaller one
 * and is tested on the same strings, so a learning curve over training-set sizes varies one thing only.
 */
import type { Random } from "../../random/stream.ts";
import type { Examples, Split, SplitSizes } from "../task.ts";
import { derive, emptyDerivations, type Derivations } from "./derivation.ts";
import { stringCount, type Hierarchy } from "./hierarchy.ts";
import { TupleIndex } from "./tuple-index.ts";

/**
 * Draws train, validation and test strings, no string twice. Classes are balanced on average only. Throws RangeError when a size is
 * not a whole number or the sum exceeds P_max.
 */
export function drawSplit(hierarchy: Hierarchy, sizes: SplitSizes, random: Random): Split<Int32Array> {
  const { train, validation, test } = sizes;
  for (const [name, size] of Object.entries({ train, validation, test })) {
    if (!Number.isSafeInteger(size) || size < 0) {
      throw new RangeError(`draw: expected ${name} to be a whole number of strings, got ${size}`);
    }
  }
  const total = train + validation + test;
  const available = stringCount(hierarchy.parameters);
  if (BigInt(total) > available) {
    throw new RangeError(
      `draw: expected train + validation + test <= P_max, got ${train} + ${validation} + ${test} = ${total} > ${String(available)} ` +
        `distinct strings; draw fewer, or raise m, depth or classes of the task`,
    );
  }
  const drawn =
    available <= 2n ** 53n ? drawByNumber(hierarchy, total, random) : drawByString(hierarchy, total, random);
  const slice = (from: number, count: number): Examples<Int32Array> => ({
    count,
    inputs: drawn.tokens.slice(from * hierarchy.positions, (from + count) * hierarchy.positions),
    labels: drawn.labels.slice(from, from + count),
  });
  return { test: slice(0, test), validation: slice(test, validation), train: slice(test + validation, train) };
}

/** `total` strings [total, positions] and their classes [total]. */
export interface Drawn {
  readonly tokens: Int32Array;
  readonly labels: Int32Array;
}

/** Data are numbers a double holds exactly: draw distinct numbers. Digits are those of `datum.ts`, without a bigint per string. */
function drawByNumber(hierarchy: Hierarchy, total: number, random: Random): Drawn {
  const { parameters, positions } = hierarchy;
  const { m } = parameters;
  const tree = emptyDerivations(hierarchy, 1);
  const string = stringIn(hierarchy, tree);
  const [tokens, labels] = [new Int32Array(total * positions), new Int32Array(total)];
  random.sample(Number(stringCount(parameters)), total).forEach((datum, i) => {
    let rest = datum;
    for (let node = tree.choices.length - 1; node >= 0; node--) {
      const quotient = Math.floor(rest / m);
      tree.choices[node] = rest - quotient * m;
      rest = quotient;
    }
    tree.symbols[0] = rest;
    labels[i] = rest;
    derive(hierarchy, tree);
    tokens.set(string, i * positions);
  });
  return { tokens, labels };
}

/**
 * Draws class and choices, and refuses a string that was drawn before: right for any P_max, fast where repetitions are rare, so it
 * serves the models of more than 2^53 strings. `total` must not exceed P_max.
 */
export function drawByString(hierarchy: Hierarchy, total: number, random: Random): Drawn {
  const { m, classes } = hierarchy.parameters;
  const tree = emptyDerivations(hierarchy, 1);
  const string = stringIn(hierarchy, tree);
  const strings = new TupleIndex(hierarchy.positions, total);
  const labels = new Int32Array(total);
  while (strings.size < total) {
    const label = random.integer(classes);
    tree.symbols[0] = label;
    for (let node = 0; node < tree.choices.length; node++) tree.choices[node] = random.integer(m);
    derive(hierarchy, tree);
    if (strings.add(string, 0)) labels[strings.size - 1] = label;
  }
  return { tokens: strings.tuples, labels };
}

/** A view of the string at the bottom of a single tree. */
function stringIn({ positions }: Hierarchy, { symbols }: Derivations): Int32Array {
  return symbols.subarray(symbols.length - positions);
}
