/** `afferent export`: the rows or the curves of a study for other programs. */
import type { Command } from "commander";
import { resolve } from "node:path";
import { chosenRuns, summarise } from "../study/summary/summary.ts";
import { plural } from "./columns.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import type { ExitCode } from "./exit.ts";
import { exportRun } from "./export-run.ts";
import { printJson } from "./json.ts";
import type { Surroundings } from "./surroundings.ts";
import { forceOption, writeNew } from "./overwrite.ts";
import { namesOnly, oneOf } from "./words.ts";

const formats = ["parquet", "csv", "json"] as const;

export function exportCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "export",
      words: "[study or run]",
      summary: "write the rows or curves of a study, or a run's trained network, to a file that other programs read",
      details: [
        "Without a name, or as latest: the study started last. One row a run: specification, seeds, outcome, errors, metrics, provenance.\n" +
          "chosen is true for the runs that compare and report take: those at the tuned values chosen for their cell, all where nothing\n" +
          "is tuned. Means over chosen rows are theirs, but that a diverged run counts there as chance, 1 - 1 / classes.\n" +
          "CSV has a column for each metric, named metrics.<name>; JSON has the rows as afferent show --json prints them, and chosen.\n" +
          "With --curves: one line a point of the training curves, with columns run, step, metric, value.",
        "With --weights or --onnx: the trained network of one run, given by enough of the beginning of its identity. docs/weights.md has the\n" +
          "lines of Python that load them.",
      ],
      examples: [
        ["export first-comparison --format csv", "first-comparison.csv in the working folder"],
        ["export first-comparison --curves --format parquet", "first-comparison-curves.parquet"],
        ["export --format parquet --out /data/first.parquet", "the latest study, elsewhere"],
        ["export 3f2a91c0 --weights net.safetensors --onnx net.onnx", "a trained network"],
      ],
      json: "study, format, file (path), rows (or points, with --curves); of a run: run, weights (path), onnx (path)",
    },
    at,
    end,
    (words, options) => exportStudy(at, words, options),
  )
    .option("--format <format>", `one of ${formats.join(", ")}`, "parquet")
    .option("--curves", "the training curves instead of the rows")
    .option("--weights <file>", "the trained values of a run, as safetensors")
    .option("--onnx <file>", "its network as an ONNX model, for batches of any size")
    .option("--out <file>", "where to write it; <study>.<format> in the working folder when left out")
    .option(...forceOption);
}

async function exportStudy(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "at most the name of a study");
  if (options["weights"] !== undefined || options["onnx"] !== undefined)
    return exportRun(at, settings, names[0], options);
  const format = oneOf("--format", formats, textOption(options, "format") ?? "parquet");
  const { withStore, findStudy } = await import("./stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const { study, planned } = await findStudy(at, store, names[0]);
    const curves = options["curves"] === true;
    const file = resolve(textOption(options, "out") ?? `${study.name}${curves ? "-curves" : ""}.${format}`);
    const runs = planned.map(({ run }) => run);
    const chosen = chosenRuns(summarise(planned, await store.rows({ runs }), study.tune?.by));
    const count = await writeNew("--out", file, options, (path) =>
      curves ? store.exportCurves(runs, format, path) : store.exportRows({ runs }, format, path, chosen),
    );
    if (options["json"] === true)
      printJson(at, { study: study.name, format, file, [curves ? "points" : "rows"]: count });
    else at.stdout.write(`${plural(count, curves ? "point" : "run")} of ${study.name} written to ${file}\n`);
  });
  return undefined;
}
