/** `afferent compare`: the table of a study, and every rule against the baseline. */
import type { Command } from "commander";
import { ruleNames, baselineOf } from "../study/spec/study.ts";
import { differences, summarise } from "../study/summary/summary.ts";
import { renderDifferences, renderTable } from "../study/summary/table.ts";
import { ruleIdOf } from "../study/run/user-rules.ts";
import { cellJson, differenceJson } from "./cells.ts";
import { command, type OptionValues, textOption } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import type { Surroundings } from "./surroundings.ts";
import { namesOnly, oneOf } from "./words.ts";

export function compareCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "compare",
      words: "[study]",
      summary: "the table of a study, and each rule's test error minus the baseline's, paired by seed",
      details: [
        "Without a name, or as latest: the study started last. p-values are of paired t-tests over seeds, two-sided; Holm's correction is\n" +
          "over all differences listed. Works while the study runs.",
      ],
      examples: [
        ["compare", "the latest study"],
        ["compare first-comparison --baseline frozen", "against another rule"],
      ],
      json:
        "study, question, baseline, cells [{rule, axes, chosen, provisional, outcomes, runs, measures {testError {n, mean, low,\n" +
        "high}, ...}}], differences [{rule, baseline, axes, n, mean, low, high, pValue, adjusted}]",
    },
    at,
    end,
    (words, options) => compare(at, words, options),
  ).option("--baseline <rule>", "the rule to compare with");
}

async function compare(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "at most the name of a study");
  const { withStore, findStudy, sayCurvesGone } = await import("./stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const stored = await findStudy(at, store, names[0]);
    const { study, planned } = stored;
    const wanted = textOption(options, "baseline");
    const rules = ruleNames(study).map(ruleIdOf);
    const baseline =
      wanted === undefined ? baselineOf(study) : oneOf("--baseline", rules, await reading(() => ruleIdOf(wanted)));
    const rows = await store.rows({ runs: planned.map(({ run }) => run) });
    await sayCurvesGone(at, store, stored);
    const cells = summarise(planned, rows, study.tune?.by);
    const against = baseline === undefined ? [] : differences(cells, baseline);
    if (options["json"] === true) {
      printJson(at, {
        study: study.name,
        question: study.question,
        baseline: baseline ?? null,
        cells: cells.map(cellJson),
        differences: against.map(differenceJson),
      });
      return;
    }
    at.stdout.write(`${study.name}: ${study.question}\n\n${renderTable(cells, at.stdout.columns, study.controls)}`);
    if (against.length > 0)
      at.stdout.write(`\ntest error minus that of ${baseline ?? ""}, paired by seed\n\n${renderDifferences(against)}`);
  });
  return undefined;
}
