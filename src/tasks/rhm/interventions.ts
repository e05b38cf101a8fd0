/* eslint-disable @typescript-eslint/no-non-null-assertion -- typed-array kernel: every index is below the length by construction */
/**
 * Changes to strings at one level of their derivation, to ask what a representation is sensitive to.
 *
 * Each takes examples and returns the changed strings, [count, positions]. Level l means the symbols of level l, from 0 (the class)
 * to `depth` (the string); their productions write level l + 1, so interventions on productions stop at `depth` - 1.
 */
import type { Random } from "../../random/stream.ts";
import type { Examples } from "../task.ts";
import { derive, parse, symbolsAt, type Derivations } from "./derivation.ts";
import type { Hierarchy } from "./hierarchy.ts";

/**
 * Every symbol of `level` is rewritten by another of its productions, uniform over the m - 1 others.
 *
 * Kept: all symbols down to `level`, and the number of the production chosen at every other node. (Symbols further down change,
 * because other symbols are now rewritten by the production of that number.) Throws RangeError when `level` is not from 0 to
 * `depth` - 1, or m = 1: there are no synonyms then. The exchange that synonymic sensitivity is measured with (Cagnetta et al. 2024).
 */
export function exchangeSynonyms(
  hierarchy: Hierarchy,
  examples: Examples<Int32Array>,
  level: number,
  random: Random,
): Int32Array {
  const { m } = hierarchy.parameters;
  checkLevel("exchangeSynonyms", level, hierarchy.parameters.depth - 1);
  if (m === 1)
    throw new RangeError("exchangeSynonyms: expected m of at least 2, got 1; symbols have no synonyms to exchange");
  return changeChoices(
    hierarchy,
    examples.inputs,
    level,
    level + 1,
    (choice) => (choice + 1 + random.integer(m - 1)) % m,
  );
}

/**
 * Every production at and below `level` is chosen anew, uniform over all m.
 *
 * Kept: all symbols down to `level`. Level 0 keeps the class alone; `depth` - 1 redraws the lowest productions alone. A string may
 * come back unchanged, by chance. Throws RangeError when `level` is not from 0 to `depth` - 1.
 */
export function resampleBelow(
  hierarchy: Hierarchy,
  examples: Examples<Int32Array>,
  level: number,
  random: Random,
): Int32Array {
  const { m, depth } = hierarchy.parameters;
  checkLevel("resampleBelow", level, depth - 1);
  return changeChoices(hierarchy, examples.inputs, level, depth, () => random.integer(m));
}

/**
 * One symbol of `level` becomes another, uniform over all others of its vocabulary, and every production below it is chosen anew.
 *
 * `position` (below s^level) is drawn uniformly for each string when left out. Kept: every token that is not below that symbol.
 * Symbols above it are not kept: the tuple it stands in is now another one, which may belong to another parent, another class, or to
 * none, so the result need not be a string of the grammar. Throws RangeError when level or position does not exist, or the
 * vocabulary of the level has one symbol.
 */
export function replaceSymbol(
  hierarchy: Hierarchy,
  examples: Examples<Int32Array>,
  level: number,
  random: Random,
  position?: number,
): Int32Array {
  const { firstNode, parameters } = hierarchy;
  const { v, m, s, depth, classes } = parameters;
  checkLevel("replaceSymbol", level, depth);
  const vocabulary = level === 0 ? classes : v;
  if (vocabulary === 1) {
    throw new RangeError(
      `replaceSymbol: expected at least 2 symbols at level ${level}, got 1; there is no other symbol`,
    );
  }
  if (position !== undefined && !(Number.isInteger(position) && position >= 0 && position < s ** level)) {
    throw new RangeError(
      `replaceSymbol: expected a position from 0 to ${s ** level - 1} at level ${level}, got ${position}`,
    );
  }
  const trees = parse(hierarchy, examples.inputs);
  for (let row = 0; row < trees.count; row++) {
    const root = row * firstNode[depth + 1]!;
    const firstChoice = row * firstNode[depth]!;
    let first = firstNode[level]! + (position ?? random.integer(s ** level));
    const symbol = trees.symbols[root + first]!;
    trees.symbols[root + first] = (symbol + 1 + random.integer(vocabulary - 1)) % vocabulary;
    // The subtree of one node is one contiguous range on each level.
    for (let below = level, width = 1; below < depth; below++, width *= s, first = first * s + 1) {
      for (let node = first; node < first + width; node++) trees.choices[firstChoice + node] = random.integer(m);
    }
    derive(hierarchy, trees, row, level);
  }
  return symbolsAt(hierarchy, trees, depth);
}

/** Parses strings, changes the choices of levels from <= l < to, and rewrites them. */
function changeChoices(
  hierarchy: Hierarchy,
  tokens: Int32Array,
  from: number,
  to: number,
  change: (choice: number) => number,
): Int32Array {
  const { firstNode, parameters } = hierarchy;
  const trees: Derivations = parse(hierarchy, tokens);
  const above = firstNode[parameters.depth]!;
  for (let row = 0; row < trees.count; row++) {
    for (let node = row * above + firstNode[from]!; node < row * above + firstNode[to]!; node++) {
      trees.choices[node] = change(trees.choices[node]!);
    }
    derive(hierarchy, trees, row, from);
  }
  return symbolsAt(hierarchy, trees, parameters.depth);
}

function checkLevel(where: string, level: number, last: number): void {
  if (Number.isInteger(level) && level >= 0 && level <= last) return;
  throw new RangeError(
    `${where}: expected a level from 0 (the class) to ${last}, got ${level}; choose a level of this hierarchy`,
  );
}
