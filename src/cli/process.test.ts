/** The command as a process: pipes, Ctrl-C, kill. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { typed, typedJson } from "./typed.contract.ts";

let store: string;
beforeAll(() => (store = mkdtempSync(join(tmpdir(), "afferent-process-"))));
afterAll(() => rmSync(store, { recursive: true }));

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function start(line: string): ChildProcessByStdio<null, Readable, Readable> {
  const words = line.split(" ");
  // Set where npm runs the tests; advice would then say `npx afferent`.
  const { npm_command: _, ...env } = process.env;
  return spawn(process.execPath, ["--import", "tsx", main, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
}

async function textOf(stream: Readable): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += String(chunk);
  return text;
}

/** Waits until the store holds the rows of so many groups. */
async function groupsStored(count: number): Promise<void> {
  const rows = join(store, "rows");
  await expect
    .poll(() => (existsSync(rows) ? readdirSync(rows).length : 0), { timeout: 60_000, interval: 5 })
    .toBeGreaterThanOrEqual(count);
}

it("says nothing when its reader goes away", async () => {
  const child = start("schema");
  child.stdout.destroy();
  const [errors, ended] = await Promise.all([textOf(child.stderr), once(child, "exit")]);
  expect([errors, ended]).toEqual(["", [0, null]]);
});

it(
  "stored results of a rule file need the file no more: its card and source are kept",
  { timeout: 60_000 },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "afferent-process-"));
    try {
      const file = join(folder, "mine.ts");
      writeFileSync(
        file,
        `import { rules, z } from "afferent";
export const mine = rules.plasticity({
  id: "mine", family: "test", equation: "dW = <x u^T>", source: "-", relation: "none",
  reads: ["pre", "preactivation"], options: z.strictObject({}),
  change: ({ pre, preactivation, outer }) => outer(pre, preactivation),
});
`,
      );
      const sizes =
        "task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=4 train.steps=2";
      const own = `store.path=${join(folder, "store")}`;
      // In a process of its own: this one and the others know the rule from the store alone.
      const ran = start(`run rule=${file},frozen ${sizes} ${own} --name mine`);
      const [, ended] = await Promise.all([textOf(ran.stdout), once(ran, "exit")]);
      expect(ended).toEqual([0, null]);
      rmSync(file);
      const { runs } = (await typedJson(`ls ${own}`)) as { runs: { run: string; rule: string }[] };
      const { stdout: shown } = await typed(`show ${runs.find(({ rule }) => rule.startsWith("mine"))!.run} ${own}`);
      const compared = start(`compare mine --baseline ${file} ${own}`);
      const [table, well] = await Promise.all([textOf(compared.stdout), once(compared, "exit")]);
      expect(well).toEqual([0, null]);
      expect(table).toMatch(/\nmine@[0-9a-f]{8} +1 /);
      expect(shown).toContain("kept as it was: dW = <x u^T>");
      expect(shown).toContain("    change: ({ pre, preactivation, outer }) => outer(pre, preactivation),");
      expect(shown).toContain(`run rule=${file}`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

it("a study that is killed, then interrupted, computes only what is missing when it is run again", async () => {
  // Five shapes, so five groups of one run, one after another.
  const line =
    "run task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 train.batch=8 train.steps=300 " +
    `network.width=4..8 engine.workers=1 --name killed store.path=${store}`;

  const killed = start(line);
  await groupsStored(1);
  killed.kill("SIGKILL");
  expect(await once(killed, "exit")).toEqual([null, "SIGKILL"]);
  const left = (await typedJson(`ls store.path=${store}`)) as { runs: object[]; inFlight: { state: string }[] };
  const before = left.runs.length;
  expect(before).toBeGreaterThanOrEqual(1);
  expect(before).toBeLessThan(5);
  expect(left.inFlight.every(({ state }) => state === "stale")).toBe(true);

  const interrupted = start(line);
  const texts = Promise.all([textOf(interrupted.stdout), textOf(interrupted.stderr)]);
  await groupsStored(before + 1);
  interrupted.kill("SIGINT");
  expect(await once(interrupted, "exit")).toEqual([130, null]);
  const [stdout, stderr] = await texts;
  const { runs: kept, inFlight } = (await typedJson(`ls store.path=${store}`)) as {
    runs: object[];
    inFlight: object[];
  };
  expect(kept.length).toBeGreaterThan(before);
  expect(kept.length).toBeLessThan(5);
  expect(inFlight).toEqual([]);
  expect(stdout).toBe("");
  expect(stderr).toContain(`study killed: 5 runs, ${before} stored already; store ${store}\n`);
  const again = line.replace("--name killed ", "").replace(/$/, " --name killed");
  expect(stderr.trimEnd().split("\n").at(-1)).toBe(
    `afferent: interrupted: ${kept.length} of 5 runs are stored and kept, those in flight are dropped; to compute the rest: afferent ${again}`,
  );

  const rest = await typed(`${line} --json`);
  expect(JSON.parse(rest.stdout)).toMatchObject({
    computed: 5 - kept.length,
    reused: kept.length,
    outcomes: { finished: 5, stopped: 0, diverged: 0, failed: 0 },
  });
  const { runs } = (await typedJson(`ls store.path=${store}`)) as { runs: { run: string }[] };
  expect(new Set(runs.map(({ run }) => run)).size).toBe(5);
  expect(runs).toHaveLength(5);
}, 120_000);
