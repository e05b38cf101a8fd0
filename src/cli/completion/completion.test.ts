/** What is offered to complete a word, and the scripts of shells; that of bash is run where there is one. */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { catalogue } from "../../rules/index.ts";
import { fillStore } from "../example-store.contract.ts";
import { typed } from "../typed.contract.ts";
import { shells } from "./scripts.ts";

let folder: string;
let env: Record<string, string>;
const before = process.cwd();
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-completion-"));
  await fillStore(join(folder, "store"));
  env = { AFFERENT_STORE: join(folder, "store") };
  writeFileSync(join(folder, "afferent.yaml"), "groups: { network: { wide: { width: 8 }, narrow: { width: 2 } } }\n");
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

/** The words offered for the last of some words. */
async function offered(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await typed(["complete", "--", ...words], env);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);
}

describe("complete", () => {
  it.each([
    [["ru"], ["run", "rules"]],
    [["theory", "bool"], ["boolean"]],
    [
      ["run", "--sa"],
      ["--samples", "--sample-seed"],
    ],
    [["run", "train.lea"], ["train.learningRate="]],
    [
      ["run", "train.optimiser=a"],
      ["train.optimiser=adam", "train.optimiser=adamw"],
    ],
    [
      ["run", "probes="],
      ["probes=true", "probes=false"],
    ],
    [["run", "rule=backprop,hpc"], ["rule=backprop,hpca"]],
    [["run", "rule=info-nce", "rule.pai"], ["rule.pair="]],
    [["run", "rule.pair=same"], ["rule.pair=same-class"]],
    [
      ["run", "+network="],
      ["+network=wide", "+network=narrow"],
    ],
    [["config", "seeds.n"], ["seeds.noise="]],
    [["audit", "backprop-"], ["backprop-ungated"]],
    [["compare", "ex"], ["example"]],
    [["report", "la"], ["latest"]],
    [["compare", "--baseline", "froz"], ["frozen"]],
    [["run", "--config", ""], []],
    [["keys", "seeds.t"], ["seeds.task"]],
    [["completion", "z"], ["zsh"]],
    [["ls", "store.p"], ["store.path="]],
    [
      ["run", "store."],
      ["store.path=", "store.weights=", "store.checkpoints="],
    ],
  ])("%j", async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });

  it("offers every command but itself, every rule, and no key twice", async () => {
    const commands = await offered("");
    expect(commands).toContain("run");
    expect(commands).not.toContain("complete");
    expect((await offered("run", "rule=")).map((word) => word.slice("rule=".length))).toEqual(
      catalogue.map(({ id }) => id),
    );
    expect(await offered("run", "train.steps=3", "train.st")).toEqual(["train.stopAtLoss=", "train.stopWindow="]);
    expect((await typed("--help")).stdout).not.toMatch(/^ {2}complete\b/m);
  });

  it("offers no studies where there is no store", async () => {
    const nowhere = { AFFERENT_STORE: join(folder, "nowhere") };
    expect(await typed(["complete", "--", "compare", "ex"], nowhere)).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("completion", () => {
  it("refuses other shells", async () => {
    expect(await typed("completion tcsh")).toMatchObject({ code: 2 });
    expect((await typed("completion")).stderr).toContain("completion: expected one of bash, zsh, fish, got none");
  });

  it.each(shells)("is a script that %s can read, where it is installed", async (shell) => {
    const { stdout } = await typed(["completion", shell]);
    expect(stdout).toContain("afferent complete --");
    const path = join(folder, `afferent.${shell}`);
    writeFileSync(path, stdout);
    const { error, status, stderr } = spawnSync(shell, ["-n", path], { encoding: "utf8" });
    if (error !== undefined) return;
    expect([status, stderr]).toEqual([0, ""]);
  });

  const hasBash = spawnSync("bash", ["--version"]).error === undefined;

  it.skipIf(!hasBash)(
    "completes in bash, behind an equals sign too (skipped where there is no bash)",
    { timeout: 60_000 },
    async () => {
      // Stands for the installed command.
      const loader = fileURLToPath(import.meta.resolve("tsx"));
      const main = fileURLToPath(new URL("../main.ts", import.meta.url));
      writeFileSync(
        join(folder, "afferent"),
        `#!/bin/sh\nexec "${process.execPath}" --import "${loader}" "${main}" "$@"\n`,
      );
      chmodSync(join(folder, "afferent"), 0o755);
      writeFileSync(join(folder, "afferent.bash"), (await typed("completion bash")).stdout);
      const script = (line: string): string => `
      source ./afferent.bash
      COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}; COMP_WORDBREAKS=$' \\t\\n"=:'
      _afferent; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const replies = (line: string): string[] =>
        execFileSync("bash", ["-c", script(line)], {
          encoding: "utf8",
          cwd: folder,
          env: { ...process.env, ...env, PATH: `${folder}:${process.env["PATH"] ?? ""}` },
        })
          .trim()
          .split("\n");
      expect(replies("afferent run train.optimiser=ad")).toEqual(["adam", "adamw"]);
      expect(replies("afferent compare ")).toEqual(expect.arrayContaining(["example", "latest"]));
      expect(replies("afferent conf")).toEqual(["config"]);
    },
  );
});
