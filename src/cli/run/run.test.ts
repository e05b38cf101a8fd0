import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { exampleStudy, fillStore } from "../example-store.contract.ts";
import { typed, typedJson } from "../typed.contract.ts";

let folder: string;
let env: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "afferent-run-"));
  env = { AFFERENT_STORE: join(folder, "store") };
});
afterAll(() => rmSync(folder, { recursive: true }));

const tiny = "task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=8 train.batch=8";

it("computes a grid, prints its table, writes its report, and the second time takes all from the store", async () => {
  const line = `run rule=backprop,frozen ${tiny} train.steps=20 seed=0..1 engine.workers=1`;
  const { code, stdout, stderr } = await typed(line, env);
  expect(code).toBe(0);
  const name = /^study (command-line-[0-9a-f]{6}): 4 runs; store /.exec(stderr)?.[1] ?? "";
  expect(stderr).toMatch(/\n4 runs computed in [\d.]+ s, 0 taken from the store\n$/);
  expect(stdout).toMatch(
    /\nrule +seeds +train error +validation error +test error\nbackprop +2 .*\nfrozen +2 .*\nmean, in brackets /,
  );
  const report = join(folder, "store", "reports", `${name}.html`);
  expect(stdout).toContain(`\nreport  ${report}\nnext    afferent report ${name} --open    `);
  expect(readFileSync(report, "utf8")).toContain("<title>");

  expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F]/);

  const again = await typed(`${line} --json`, env);
  const json = JSON.parse(again.stdout) as {
    seconds: number;
    cells: { rule: string; measures: Record<string, { n: number }> }[];
  };
  expect(json).toMatchObject({
    study: name,
    store: join(folder, "store"),
    planned: 4,
    computed: 0,
    reused: 4,
    interrupted: false,
    outcomes: { finished: 4, stopped: 0, diverged: 0, failed: 0 },
    failures: [],
    differences: [{ rule: "frozen", baseline: "backprop", n: 2 }],
    report,
  });
  expect(json.cells.map(({ rule, measures }) => [rule, measures["testError"]?.n])).toEqual([
    ["backprop", 2],
    ["frozen", 2],
  ]);
  expect(again.stderr).toMatch(/^study command-line-[0-9a-f]{6}: 4 runs, 4 stored already; store .*\n$/);
}, 60_000);

it("a study file keeps its name; overrides make another study of it; --name decides", async () => {
  // All runs are stored: nothing is computed here.
  const store = join(folder, "stored");
  await fillStore(store);
  const file = join(folder, "example.json");
  writeFileSync(file, JSON.stringify(exampleStudy));
  const studyOf = async (words: readonly string[]): Promise<unknown> => {
    const { stdout } = await typed(["run", file, ...words, `store.path=${store}`, "--json"]);
    return JSON.parse(stdout) as unknown;
  };
  expect(await studyOf([])).toMatchObject({ study: "example", planned: 6, computed: 0, reused: 6 });
  const some = expect.stringMatching(/^example-[0-9a-f]{6}$/) as string;
  expect(await studyOf(["seed=0,1"])).toMatchObject({ study: some, planned: 4, computed: 0 });
  expect(await studyOf(["seed=0,1", "--name", "short"])).toMatchObject({ study: "short", planned: 4 });
  const { studies } = (await typedJson(`ls store.path=${store}`)) as {
    studies: { name: string; planned: number; command: string }[];
  };
  expect(studies.find(({ name }) => name === "example")?.planned).toBe(6);
  expect(studies.find(({ name }) => name === "short")?.command).toBe(
    `afferent run ${file} seed=0,1 store.path=${store} --name short`,
  );
});

it("what cannot be built is refused before anything is computed", async () => {
  const { code, stderr } = await typed(`run rule=info-nce rule.pair=halves ${tiny} network.widths=[8,7]`, env);
  expect(code).toBe(2);
  expect(stderr).toBe("afferent: rule.pair=halves: expected an even number of units in every layer, got 7 in layer2\n");
});

it.skipIf(process.platform !== "linux")(
  "a run that fails is named, and the exit code says so [needs Linux: a Vulkan driver can be hidden there]",
  async () => {
    vi.stubEnv("VK_ICD_FILENAMES", join(folder, "no-driver.json"));
    const { code, stdout, stderr } = await typed(`run ${tiny} train.steps=5 engine.device=webgpu`, env);
    vi.unstubAllEnvs();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /\nafferent: run [0-9a-f]{16} failed: engine: expected .* on webgpu, got: .*try engine\.device=cpu\n$/,
    );
    expect(stdout).toMatch(/1 failed, provisional/);
  },
);
