/** The random hierarchy model as a kind of task: its options, its limits, and what theory says of it. */
import { z } from "zod";
import type { TaskDefinition } from "../definition.ts";
import { stringCount } from "./hierarchy.ts";
import { shapeOf } from "./pairs.ts";
import { rhmDefaults, rhmWith } from "./task.ts";

const count = z.int().positive();

/** `classes` defaults to `v`. */
const options = z
  .strictObject({
    v: count.default(rhmDefaults.v).describe("vocabulary: symbols per level"),
    m: count.default(rhmDefaults.m).describe("multiplicity: productions (synonyms) per symbol"),
    s: z.int().min(2).default(rhmDefaults.s).describe("branching: symbols per production"),
    depth: count.default(rhmDefaults.depth).describe("levels of the hierarchy; strings have s^depth symbols"),
    classes: count.optional().describe("number of classes; v when left out"),
  })
  .transform((task) => ({ ...task, classes: task.classes ?? task.v }));

/** Symbols of a string: numbering strings takes time with the square of their length, seconds at this one. */
const longestString = 2 ** 16;

export const rhmDefinition = {
  id: "rhm",
  title: "random hierarchy model",
  summary: "strings of a random grammar whose symbols have synonyms, classified by the symbol at the root",
  source: "Cagnetta, Petrini, Tomasini, Favero and Wyart 2024",
  options,
  shape: shapeOf,
  make: rhmWith,
  refuseLarge: ({ v, m, s, depth, classes }, { example, kept }) => {
    const longest = Math.min(example, longestString);
    if (s ** depth > longest) {
      const fitting = Math.floor(Math.log(longest) / Math.log(s) + 1e-9);
      throw new Error(
        `task.depth: expected strings of at most ${longest} symbols, got s^depth = ${s}^${depth}; ` +
          (fitting > 0 ? `task.depth=${fitting} fits` : `lower task.s`),
      );
    }
    const perProduction = s * (classes + (depth - 1) * v);
    if (m * perProduction <= kept) return;
    throw new Error(
      `task: expected productions of at most ${kept} symbols, got m * s * (classes + (depth - 1) * v) = ${m * perProduction}; ` +
        (perProduction <= kept ? `task.m=${Math.floor(kept / perProduction)} fits` : "lower task.v"),
    );
  },
  refuseSizes: (parameters, { train, validation, test }) => {
    const total = train + validation + test;
    const available = stringCount(parameters);
    if (BigInt(total) <= available) return;
    throw new Error(
      `data: expected train + validation + test <= ${String(available)}, the number of distinct strings of this task, got ${train} + ` +
        `${validation} + ${test} = ${total}; lower data.train, data.validation or data.test, or raise task.m or task.depth`,
    );
  },
  expectedExamples: {
    formula: "n_c m^L",
    words: "where a deep network trained by backpropagation is expected to learn the hierarchy (Cagnetta et al. 2024)",
    of: ({ classes, m, depth }) => classes * m ** depth,
  },
} as const satisfies TaskDefinition<typeof options>;
