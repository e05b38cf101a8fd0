/** `afferent data`: examples of a task; of a random hierarchy, with their trees. */
import type { Command } from "commander";
import { stream } from "../random/stream.ts";
import { seedOf, taskOf } from "../study/run/build.ts";
import { examplesText, taskText } from "../study/run/task-words.ts";
import { taskDefinitionOf, taskOptionsOf } from "../study/run/user-tasks.ts";
import type { TaskSpec } from "../study/spec/task-spec.ts";
import { refuseLargeTask } from "../study/run/sizes.ts";
import {
  datumOf,
  exampleLength,
  formatTree,
  type Inputs,
  parse,
  type RhmTask,
  stringCount,
  type Task,
} from "../tasks/index.ts";
import { short } from "./columns.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import { type ExitCode, reading, UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { configurable, oneRun } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { countFrom, sortWords } from "./words.ts";

export function dataCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built = command(
    {
      name: "data",
      words: "[file] [key=value...]",
      summary: "print examples of a task: strings with their derivation trees, or numbers",
      details: [
        "The examples are the first of the test set that a run with this task and these seeds draws.\n" +
          "In a tree a node 5·2 is symbol 5, rewritten by its production 2; level 0 is the class, the last level the string.",
      ],
      examples: [
        ["data task.v=8 task.m=4 task.depth=3 --count 2", "two strings of one hierarchy"],
        ["data task.v=8 task.m=4 seeds.task=1 seeds.data=7", "of other rules, other strings"],
        ["data task=gaussian-mixture task.dimensions=3", "of another task: a class and its numbers in each line"],
      ],
      json:
        "task {v, m, s, depth, classes}, strings [{datum (decimal), class, tokens, latents (per level, the class first)}];\n" +
        "of other tasks than rhm: task, examples [{class, inputs}]",
    },
    at,
    end,
    (words, options) => data(at, words, options),
  );
  return configurable(built).option("--count <n>", "how many", "5");
}

async function data(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const count = countFrom("--count", textOption(options, "count") ?? "5");
  const { spec } = await oneRun(sortWords(words), options);
  const asked = { train: 0, validation: 0, test: count };
  const task = await reading(() => {
    refuseLargeTask({ ...spec, data: asked });
    return taskOf(spec);
  });
  await reading(() => {
    if (isRhm(task)) refuseMissing(count, stringCount(task.hierarchy.parameters));
    else taskDefinitionOf(spec.task).refuseSizes?.(taskOptionsOf(spec.task), asked);
  });
  // Test examples are drawn first, so these do not depend on the sizes of the sets.
  const { test } = task.draw(asked, stream(seedOf(spec, "data"), "data"));
  const length = exampleLength(task);
  const rows = Array.from({ length: count }, (_, i) => test.inputs.slice(i * length, (i + 1) * length));
  if (isRhm(task)) printStrings(at, task, rows as Int32Array[], options);
  else printExamples(at, spec.task, rows, test.labels, options);
  return undefined;
}

function isRhm(task: Task): task is RhmTask {
  return task.id === "rhm" && "hierarchy" in task;
}

function refuseMissing(count: number, available: bigint): void {
  if (BigInt(count) <= available) return;
  throw new UsageError(`--count: expected at most ${String(available)}, the number of distinct strings, got ${count}`);
}

/** Strings of a random hierarchy with their trees. */
function printStrings(
  at: Surroundings,
  { hierarchy }: RhmTask,
  strings: readonly Int32Array[],
  options: OptionValues,
): void {
  if (options["json"] === true) {
    printJson(at, {
      task: hierarchy.parameters,
      strings: strings.map((tokens) => {
        const tree = parse(hierarchy, tokens);
        const latents = hierarchy.firstNode
          .slice(0, -2)
          .map((first, level) => [...tree.symbols.slice(first, hierarchy.firstNode[level + 1])]);
        return { datum: String(datumOf(hierarchy, tree)), class: tree.symbols[0], tokens: [...tokens], latents };
      }),
    });
  } else at.stdout.write(strings.map((tokens) => `${formatTree(hierarchy, tokens, at.stdout.columns)}\n`).join("\n"));
}

/** Examples of any other task, a line each: the class, then symbols or numbers. */
function printExamples(
  at: Surroundings,
  task: TaskSpec,
  rows: readonly Inputs[],
  labels: Int32Array,
  options: OptionValues,
): void {
  if (options["json"] === true) {
    printJson(at, { task, examples: rows.map((inputs, i) => ({ class: labels[i], inputs: [...inputs] })) });
    return;
  }
  at.stdout.write(`${taskText(task)}\n${examplesText(task)}\n\n`);
  const width = at.stdout.columns ?? 100;
  const lines = rows.map((inputs, i) => {
    const line = `class ${labels[i] ?? ""}  ${Array.from(inputs.subarray(0, width), (value) => short(value)).join(" ")}`;
    return line.length > width ? `${line.slice(0, width - 4)} ...` : line;
  });
  at.stdout.write(lines.map((line) => `${line}\n`).join(""));
}
