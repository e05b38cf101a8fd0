/** `run --dry-run`, and the question before a long plan. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { calibrate, calibrationFile, correct, keptCalibration, machineName } from "../../study/run/calibration.ts";
import { typed } from "../typed.contract.ts";

let folder: string;
let env: Record<string, string>;
/** A machine on which a node takes so many seconds, and nothing else any. */
function machineOf(node: number): void {
  const speed = { workers: 0, start: 0, node, product: 0 };
  const path = calibrationFile(env);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, JSON.stringify({ [machineName()]: { speed, measuredAt: "2026-01-01T00:00:00.000Z" } }));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "afferent-forecast-"));
  env = { XDG_CACHE_HOME: join(folder, "cache") };
  machineOf(1e-3);
});
afterAll(() => rmSync(folder, { recursive: true }));

const small =
  "task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=8 train.batch=8";
const store = () => `store.path=${join(folder, "store")}`;

describe("run --dry-run", () => {
  it("says runs, groups, time, memory and disk, and makes no store", async () => {
    const line = `run rule=backprop,frozen ${small} train.steps=100 seed=0..3 engine.workers=2 ${store()} --dry-run`;
    const { code, stdout, stderr } = await typed(line, env);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^runs +8 to compute$/m);
    expect(stdout).toMatch(/^groups +4 on 2 workers$/m);
    expect(stdout).toMatch(/^time +about \d+ s, less where runs stop early$/m);
    expect(stdout).toMatch(/^memory +about \d+ MB$/m);
    expect(stdout).toMatch(/^disk +about \d+ kB$/m);
    expect(stdout).toMatch(/^backprop +4 +2 +\d+ s$/m);
    expect(existsSync(join(folder, "store"))).toBe(false);
  });

  it("takes time by what is known of the machine: twice the steps, twice the seconds", async () => {
    const seconds = async (steps: number): Promise<number> => {
      const { stdout } = await typed(`run ${small} train.steps=${steps} ${store()} --dry-run --json`, env);
      return (JSON.parse(stdout) as { seconds: number }).seconds;
    };
    expect((await seconds(200)) / (await seconds(100))).toBeCloseTo(2, 6);
  });

  it("counts what is stored as done", { timeout: 60_000 }, async () => {
    await typed(`run ${small} train.steps=5 seed=0 ${store()}`, env);
    const { stdout } = await typed(`run ${small} train.steps=5 seed=0,1 ${store()} --dry-run`, env);
    expect(stdout).toMatch(/^runs +1 to compute, 1 stored already$/m);
    const all = await typed(`run ${small} train.steps=5 seed=0 ${store()} --dry-run`, env);
    expect(all.stdout).toMatch(/^runs +0 to compute, 1 stored already$/m);
    expect(all.stdout).not.toContain("time");
  });
});

describe("a plan of more than ten minutes", () => {
  const long = () => `run ${small} train.steps=1000000 seed=0..3 ${store()}`;

  it("asks on a terminal, and does not start where the answer is no", async () => {
    const asked: string[] = [];
    const { code, stderr } = await typed(long(), env, 100, (question) => {
      asked.push(question);
      return Promise.resolve(false);
    });
    expect(asked).toEqual([expect.stringMatching(/^4 runs will take about \d+ h \d+ min; go on\?$/)]);
    expect(code).toBe(2);
    expect(stderr).toContain("not started: it would take about");
    expect(stderr).toContain("give --yes to start without a question");
  });

  it("asks nobody about a short one, and nobody with --yes", { timeout: 60_000 }, async () => {
    const never = () => Promise.reject(new Error("was asked"));
    expect(await typed(`run ${small} train.steps=6 ${store()}`, env, 100, never)).toMatchObject({ code: 0 });
    // Its store is a file, so that it ends where it would begin.
    writeFileSync(join(folder, "file"), "");
    const { stderr } = await typed(
      `run ${small} train.steps=1000000 store.path=${join(folder, "file")} --yes`,
      env,
      100,
      never,
    );
    expect(stderr).toContain("store: expected a folder");
    const unattended = await typed(`run ${small} train.steps=1000000 store.path=${join(folder, "file")}`, env);
    expect(unattended.stderr).toContain("store: expected a folder");
  });
});

describe("what is known of a machine", () => {
  it("is kept by its name, and corrected by studies: half of the factor on a scale of logarithms", async () => {
    // The runs above may have taken long enough to correct it.
    machineOf(1e-3);
    const kept = (await keptCalibration(env))!;
    await correct(env, kept, 2.25);
    expect((await keptCalibration(env))?.speed.node).toBeCloseTo(1.5e-3, 12);
    await correct(env, kept, 1000);
    expect((await keptCalibration(env))?.speed.node).toBeCloseTo(Math.sqrt(3) * 1e-3, 12);
    await correct(env, kept, NaN);
    expect((await keptCalibration(env))?.speed.node).toBeCloseTo(Math.sqrt(3) * 1e-3, 12);
    machineOf(1e-3);
  });

  it("is not taken from a file that holds something else", async () => {
    const other = { XDG_CACHE_HOME: join(folder, "other") };
    mkdirSync(join(folder, "other", "afferent"), { recursive: true });
    writeFileSync(calibrationFile(other), '{"x": 3}');
    expect(await keptCalibration(other)).toBeUndefined();
    expect(await keptCalibration({ XDG_CACHE_HOME: join(folder, "nowhere") })).toBeUndefined();
  });

  it("is measured in seconds by small groups on every core", { timeout: 120_000 }, async () => {
    const fresh = { XDG_CACHE_HOME: join(folder, "fresh") };
    const { speed } = (await calibrate(fresh))!;
    expect(speed.node + speed.product).toBeGreaterThan(0);
    expect(speed.node).toBeLessThan(1e-2);
    expect(speed.product).toBeLessThan(1e-7);
    expect((await keptCalibration(fresh))?.speed).toEqual(speed);
    expect(readFileSync(calibrationFile(fresh), "utf8")).toContain("onnxruntime-node");
  });
});
