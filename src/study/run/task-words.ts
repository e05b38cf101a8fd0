/** A task in words, for tables and reports: read from a specification, whatever the task is. */
import type { TaskSpec } from "../spec/task-spec.ts";
import { labelOf } from "../spec/keys.ts";
import { knownTask, taskOptionsOf, taskShapeOf } from "./user-tasks.ts";

/** Its title; the name of one of one's own. */
export function taskTitle(task: TaskSpec): string {
  return knownTask(task)?.title ?? task.id;
}

/** Title and options: `random hierarchy model v=8 m=4 s=2 depth=3 classes=8`. */
export function taskText(task: TaskSpec): string {
  const options = Object.entries(taskOptionsOf(task)).map(([name, value]) => `${name}=${labelOf(value)}`);
  return [taskTitle(task), ...options].join(" ");
}

/** What its examples are: `strings of 8 symbols, 8 of them; 8 classes`. */
export function examplesText(task: TaskSpec): string {
  const { values, positions, channels, classes } = taskShapeOf(task);
  const what =
    values === "symbols"
      ? `strings of ${positions} symbols out of ${channels}`
      : `${positions * channels} real numbers${positions > 1 && channels > 1 ? ` (${positions} positions of ${channels})` : ""}`;
  return `${what}; ${classes} classes`;
}

/** How many training examples theory expects a network to need; undefined where it says nothing. */
export function expectedExamples(
  task: TaskSpec,
): { readonly count: number; readonly formula: string; readonly words: string } | undefined {
  const expected = knownTask(task)?.expectedExamples;
  if (expected === undefined) return undefined;
  const { formula, words } = expected;
  return { count: expected.of(taskOptionsOf(task)), formula, words };
}
