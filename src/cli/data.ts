/** `afferent data`: strings of a task with their trees. */
import type { Command } from "commander";
import { stream } from "../random/stream.ts";
import { seedOf, taskOf } from "../study/run/build.ts";
import { refuseLargeTask } from "../study/run/sizes.ts";
import { datumOf, formatTree, parse, stringCount } from "../tasks/index.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import { type ExitCode, reading, UsageError } from "./exit.ts";
import { printJson } from "./json.ts";
import { oneRun } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { countFrom, sortWords } from "./words.ts";

export function dataCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "data",
      words: "[file] [key=value...]",
      summary: "print strings of a task with their derivation trees",
      details: [
        "The strings are the first of the test set that a run with this task and these seeds draws.\n" +
          "A node 5·2 is symbol 5, rewritten by its production 2; level 0 is the class, the last level the string.",
      ],
      examples: [
        ["data task.v=8 task.m=4 task.depth=3 --count 2", "two strings of one hierarchy"],
        ["data task.v=8 task.m=4 seeds.task=1 seeds.data=7", "of other rules, other strings"],
      ],
      json: "task {v, m, s, depth, classes}, strings [{datum (decimal), class, tokens, latents (per level, the class first)}]",
    },
    at,
    end,
    (words, options) => data(at, words, options),
  ).option("--count <n>", "how many", "5");
}

async function data(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const count = countFrom("--count", textOption(options, "count") ?? "5");
  const { spec } = await oneRun(sortWords(words));
  const task = await reading(() => {
    refuseLargeTask({ ...spec, data: { train: 0, validation: 0, test: count } });
    return taskOf(spec);
  });
  const { hierarchy, positions } = task;
  const available = stringCount(hierarchy.parameters);
  if (BigInt(count) > available) {
    throw new UsageError(
      `--count: expected at most ${String(available)}, the number of distinct strings, got ${count}`,
    );
  }
  // Test strings are drawn first, so these do not depend on the sizes of the sets.
  const { test } = task.draw({ train: 0, validation: 0, test: count }, stream(seedOf(spec, "data"), "data"));
  const strings = Array.from({ length: count }, (_, i) => test.inputs.slice(i * positions, (i + 1) * positions));
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
  return undefined;
}
