/** The packed package, installed in an empty folder from the package registry alone, computes. Needs the registry. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-install-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What npm sets for the processes of a script must not reach another npm. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

it("installs, and the first run writes its report", async () => {
  await run("npm", ["run", "--silent", "build"], { cwd: root, env });
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", folder], { cwd: root, env });
  const app = join(folder, "app");
  await mkdir(app);
  await writeFile(join(app, "package.json"), "{}");
  const installed = await run("npm", ["install", "--no-audit", "--no-fund", join(folder, packed.stdout.trim())], {
    cwd: app,
    env,
  });
  expect(installed.stderr).not.toMatch(/npm error|nuget/i);
  const cuda = join(app, "node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so");
  if (process.platform === "linux" && process.arch === "x64") expect((await stat(cuda)).size).toBe(0);
  const sizes =
    "task.v=4 task.m=2 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=4 train.steps=2";
  const { stdout, stderr } = await run("npx", ["afferent", "run", "rule=oja", ...sizes.split(" ")], { cwd: app, env });
  expect(stdout).toMatch(/\noja +1 /);
  expect(stderr).not.toContain("project config");
  const [, report = ""] = /report {2}(.*)\n/.exec(stdout) ?? [];
  expect((await stat(report)).size).toBeGreaterThan(1000);
});
