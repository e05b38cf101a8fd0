/** Installing asks for nothing but packages of the registry (scripts/no-cuda.mjs says why that takes something). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(root, file), "utf8"));

it("ONNX Runtime's script, which would download libraries for CUDA, does not run in a checkout", async () => {
  // npm runs the scripts of the packages that the lockfile says have some; npm install adds the line again: take it out.
  const { packages } = (await json("package-lock.json")) as { packages: Record<string, { version: string }> };
  const { "node_modules/onnxruntime-node": runtime } = packages;
  expect(runtime).toHaveProperty("version");
  expect(runtime).not.toHaveProperty("hasInstallScript");
});

it("the packed package ends that download before it begins", async () => {
  const { scripts, files } = (await json("package.json")) as { scripts: Record<string, string>; files: string[] };
  expect(scripts["preinstall"]).toBe("node scripts/no-cuda.mjs");
  expect(files).toContain("scripts/no-cuda.mjs");
});

it("npm has nothing to warn of in this folder", async () => {
  expect(await readFile(join(root, ".npmrc"), "utf8")).toBe("save-exact=true\n");
});
