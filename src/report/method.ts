/**
 * What was run and how, in sentences, from the study and its plan: a reader should not have to guess what "error" means.
 */
import { taskTitle } from "../study/run/task-words.ts";
import { taskOptionsOf } from "../study/run/user-tasks.ts";
import { labelOf } from "../study/spec/keys.ts";
import type { RunSpec } from "../study/spec/spec.ts";
import type { PlannedRun, Study } from "../study/spec/study.ts";
import { isSeedKey } from "../study/spec/study.ts";
import { edgeNotes } from "../study/summary/edges.ts";
import { type Cell, chanceError, undeclaredNote } from "../study/summary/summary.ts";

/** Sentences on the grid, the tuning, the seeds and the held-out strings. Empty for an empty plan. */
export function methodOf(study: Study, planned: readonly PlannedRun[], cells: readonly Cell[]): string[] {
  const [first] = planned;
  if (!first) return [];
  const axes = Object.entries(study.grid);
  const grid = axes
    .filter(([key]) => !isSeedKey(key))
    .map(([key, values]) => `${key}: ${values.map(labelOf).join(", ")}`);
  const seeds = axes
    .filter(([key]) => isSeedKey(key))
    .map(([key, values]) => `${key}: ${values.map(labelOf).join(", ")}`);
  const specs = planned.map(({ spec }) => spec);
  const each = (of: (spec: RunSpec) => number): string =>
    [...new Set(specs.map(of))].map((n) => n.toLocaleString("en-US")).join(", ");
  return [
    `${planned.length} runs in ${cells.length} ${cells.length === 1 ? "cell" : "cells"}${grid.length > 0 ? ` (${grid.join("; ")})` : ""}.`,
    seeds.length > 0
      ? `Every cell is repeated over seeds (${seeds.join("; ")}); means and 95 % intervals are over seeds. Intervals of errors stay in [0, 1]: t intervals on the scale of log odds, exact binomial ones where all seeds agree (also at 0 and 1). Those of losses and of differences are t intervals.`
      : "There is one seed, so no interval can be given.",
    ...draws(study),
    tuning(
      study,
      each((spec) => spec.data.validation),
    ),
    `${tasksText(specs)} Errors are fractions of misclassified examples, test errors on ${each((spec) => spec.data.test)} examples ` +
      "that are in neither the training nor the validation set. Guessing gives " +
      `${[...new Set(specs.map((spec) => chanceError(spec).toFixed(3)))].join(", ")}.`,
    "A run that diverged counts as guessing in means, and as the worst possible in tuning. A run that failed counts as missing.",
  ];
}

/** `Task: random hierarchy model, v=8, m=2, 4, depth=3.`, a sentence for each kind of task. */
function tasksText(specs: readonly RunSpec[]): string {
  const titles = new Set(specs.map(({ task }) => taskTitle(task)));
  return [...titles]
    .map((title) => {
      const alike = specs.filter(({ task }) => taskTitle(task) === title).map(({ task }) => taskOptionsOf(task));
      const names = new Set(alike.flatMap((options) => Object.keys(options)));
      const options = [...names].map((name) => {
        const values = new Set(alike.flatMap((own) => (own[name] === undefined ? [] : [wordOf(own[name])])));
        return `, ${name}=${[...values].join(", ")}`;
      });
      return `Task: ${title}${options.join("")}.`;
    })
    .join(" ");
}

function wordOf(value: unknown): string {
  return typeof value === "number" ? value.toLocaleString("en-US") : labelOf(value);
}

/** Which values were drawn, where some were. */
function draws({ drawn = {}, samples, sampleSeed = 0 }: Study): string[] {
  const ranges = Object.entries(drawn).map(([key, range]) => `${key} from ${range}`);
  if (ranges.length === 0) return [];
  return [
    `Drawn at random: ${ranges.join("; ")}${samples === undefined ? "" : ` (${samples} samples, seed ${sampleSeed})`}.`,
  ];
}

function tuning(study: Study, strings: string): string {
  if (!study.tune) return "No hyper-parameter was tuned: all rules ran with the values given.";
  const over = Object.entries(study.tune.over).map(([key, values]) => `${key} (${values.map(labelOf).join(", ")})`);
  const measure = study.tune.by === "validationError" ? "validation error" : "validation loss";
  return (
    `Tuned: ${over.join("; ")}. Every rule ran with every value and every seed; in each cell the value with the lowest mean ` +
    `${measure} over seeds was kept (${strings} validation examples; ties to the smaller learning rate). The test examples played no part in it.`
  );
}

/** What a reader should be warned of: rules that read more than they claim; values chosen at the edge of what was tried. */
export function warningsOf(cells: readonly Cell[]): string[] {
  const undeclared = undeclaredNote(cells);
  return [...(undeclared === "" ? [] : [`${undeclared}.`]), ...edgeNotes(cells)];
}
