/** `afferent tasks`: the tasks that are shipped, or one with its options. */
import type { Command } from "commander";
import { labelOf } from "../study/spec/keys.ts";
import { adoptTaskFile, knownTask } from "../study/run/user-tasks.ts";
import { isTaskFile, refuseTaskName } from "../study/spec/task-spec.ts";
import { ruleOptions } from "../study/spec/rule-options.ts";
import { taskCatalogue, type TaskDefinition } from "../tasks/index.ts";
import { nameColumn, wrap } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import type { Surroundings } from "./surroundings.ts";
import { namesOnly } from "./words.ts";

export function tasksCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "tasks",
      words: "[task]",
      summary: "the tasks that are shipped, with their options; what a file of one's own holds",
      details: [
        "A task of one's own is a file: arrays x_train, y_train and, where there are any, x_validation, y_validation, x_test, y_test\n" +
          "(task=./data.npz, task=./data.safetensors), or a program that exports a task made by defineTask (task=./my-task.ts).",
      ],
      examples: [
        ["tasks", "all tasks"],
        ["tasks rhm", "one task with its options"],
        ["tasks ./data.npz", "a file: its arrays and the options of its task"],
      ],
      json: "tasks [{id, title, summary, source, options [{name, values, default, description}]}]",
    },
    at,
    end,
    (words, options) => tasks(at, words, options),
  );
}

async function tasks(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const [name] = namesOnly(words, "at most the name of a task").names;
  const chosen: readonly TaskDefinition[] = name === undefined ? taskCatalogue : [await reading(() => taskNamed(name))];
  if (options["json"] === true) printJson(at, { tasks: chosen.map(entryOf) });
  else at.stdout.write(chosen.map((task) => textOf(task, at.stdout.columns)).join("\n"));
  return undefined;
}

async function taskNamed(name: string): Promise<TaskDefinition> {
  if (isTaskFile(name)) await adoptTaskFile(name);
  const found = knownTask(name);
  if (found === undefined) refuseTaskName("tasks", name);
  if (found === undefined) throw new Error(`tasks: expected the file of ${name}, got its name alone; name the file`);
  return found;
}

function entryOf(task: TaskDefinition) {
  const { id, title, summary, source = null } = task;
  const options = ruleOptions(task).map(({ name, values, default: standard, description }) => {
    return { name, values, default: standard ?? null, description };
  });
  return { id, title, summary, source, options };
}

function textOf(task: TaskDefinition, width = Infinity): string {
  const { id, title, summary, source, options } = entryOf(task);
  const lines = options.map(({ name, values, default: standard, description }) => {
    const otherwise = standard === null ? "may be left out" : `default ${labelOf(standard)}`;
    const [head = "", ...more] = wrap(`task.${name}: ${values} (${otherwise})`, width - 2);
    const below = [...more, ...(description === "" ? [] : wrap(description, width - 6))];
    return [`  ${head}\n`, ...below.map((line) => `      ${line}\n`)].join("");
  });
  const card = nameColumn(
    [
      ["task", id === title ? id : `${id}: ${title}`],
      ["", summary],
      ...(source === null ? [] : [["source", source] as [string, string]]),
    ],
    width,
  );
  return `${card}${lines.join("")}`;
}
