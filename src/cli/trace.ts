/** `afferent trace`: a run's first steps as files, to check a rule from Python. */
import type { Command } from "commander";
import { join } from "node:path";
import { refuseLongTrace } from "../study/run/sizes.ts";
import { alignColumns, plural } from "./columns.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import { forceOption, refuseReplacing } from "./overwrite.ts";
import { checkedRuns, configurable, oneRun, sayUndeclared, undeclaredOption } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { countFrom, sortWords } from "./words.ts";

export function traceCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built = command(
    {
      name: "trace",
      words: "[file] [key=value...]",
      summary: "write the first steps of a run as files: weights, batches, updates, losses, the step as ONNX",
      details: [
        "Tensors are safetensors, which numpy, PyTorch and JAX read. The folder's README.md names every one with its shape and\n" +
          "axes, gives the equations of the step, and a Python program that replays it. Other files in the folder stay; those of\n" +
          "other traces are replaced with --force only.",
      ],
      examples: [
        ["trace rule=info-nce task.m=4 task.depth=3 --steps 5 --out trace", "five steps of InfoNCE"],
        ["trace rule=backprop train.optimiser=sgd --out momentum", "backprop with momentum"],
      ],
      json: "run, out (path), steps, files [path], losses",
    },
    at,
    end,
    (words, options) => trace(at, words, options),
  );
  return configurable(built)
    .option("--steps <n>", "how many steps", "5")
    .option("--out <dir>", "folder to write to; trace in the working folder when left out", "trace")
    .option(...forceOption)
    .option(...undeclaredOption);
}

async function trace(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const steps = countFrom("--steps", textOption(options, "steps") ?? "5");
  const { overrides, names, settings } = sortWords(words);
  const planned = await oneRun({ overrides, names, settings }, options);
  const { spec } = planned;
  const plan = await checkedRuns([planned]);
  await reading(() => sayUndeclared(at, plan, options));
  await reading(() => refuseLongTrace(spec, steps));
  const folder = textOption(options, "out") ?? "trace";
  const { holdsTrace, traceFiles, writeTrace } = await import("../study/trace/trace.ts");
  if (!(await holdsTrace(folder, spec, steps))) {
    await refuseReplacing(
      "--out",
      traceFiles.map(([name]) => join(folder, name)),
      options,
    );
  }
  const { nodeEngine } = await import("../runtime/node-engine.node.ts");
  const engine = nodeEngine({
    device: spec.engine.device,
    ...(settings.threads === undefined ? {} : { threads: settings.threads }),
  });
  const written = await writeTrace(spec, {
    steps,
    folder,
    engine,
    planned: plan.models.of(spec),
  });
  if (options["json"] === true) {
    const { run, folder: out, files, losses } = written;
    printJson(at, { run, out, steps, files: files.map(({ path }) => path), losses });
  } else {
    at.stdout.write(`${plural(steps, "step")} of run ${written.run} written to ${written.folder}\n\n`);
    at.stdout.write(alignColumns(written.files.map(({ path, content }) => [path, content])));
  }
  return undefined;
}
