/** `afferent report`: writes the report of a study, and opens it. */
import type { Command } from "commander";
import { command, type OptionValues, textOption } from "../command.ts";
import type { ExitCode } from "../exit.ts";
import { printJson } from "../json.ts";
import { forceOption, refuseReplacing } from "../overwrite.ts";
import { openInBrowser } from "./open-in-browser.ts";
import type { Surroundings } from "../surroundings.ts";
import { namesOnly } from "../words.ts";

export function reportCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "report",
      words: "[study]",
      summary: "write the report of a study as one HTML page; works while the study runs",
      details: [
        "Without a name, or as latest: the study started last. The page fetches nothing and can be sent by mail.",
      ],
      examples: [
        ["report first-comparison --open", "write it and open it in the browser"],
        ["report --out result.html", "the latest study, to a file of your choice"],
      ],
      json: "study, report (path), planned, stored",
    },
    at,
    end,
    (words, options) => report(at, words, options),
  )
    .option("--open", "open the page in the browser ($BROWSER where that is set)")
    .option("--out <file>", "where to write it; reports/<study>.html in the store when left out")
    .option(...forceOption);
}

async function report(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { settings, names } = namesOnly(words, "at most the name of a study");
  const { withStore, findStudy, sayCurvesGone } = await import("../stored.ts");
  await withStore(at, settings, "read", async (store) => {
    const stored = await findStudy(at, store, names[0]);
    const { writeReport } = await import("./page.ts");
    const file = textOption(options, "out");
    if (file !== undefined) await refuseReplacing("--out", [file], options);
    const path = await writeReport(store, stored, { file });
    const { planned, study } = stored;
    const finished = (await store.finished(planned.map(({ run }) => run))).size;
    if (options["json"] === true)
      printJson(at, { study: study.name, report: path, planned: planned.length, stored: finished });
    else at.stdout.write(`${path}\n`);
    if (finished < planned.length) {
      at.stderr.write(
        `afferent: study ${study.name}: ${finished} of ${planned.length} runs are stored; the page says so\n`,
      );
    }
    await sayCurvesGone(at, store, stored);
    if (options["open"] !== true) return;
    const problem = await openInBrowser(path, at.env);
    if (problem !== undefined) at.stderr.write(`afferent: --open: ${problem}; open ${path} yourself\n`);
  });
  return undefined;
}
