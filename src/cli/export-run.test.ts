/** `export RUN --weights --onnx`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { metadataInSafetensors, readSafetensors } from "../formats/index.ts";
import { typed, typedJson } from "./typed.contract.ts";

let folder = "";
let store = "";
const runs: Record<string, string> = {};
const sizes =
  "task.v=4 task.m=3 task.depth=2 data.train=16 data.validation=8 data.test=8 network.width=4 train.steps=2";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "afferent-export-"));
  store = `store.path=${folder}/store`;
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
  await typed(`run rule=frozen,${file} ${sizes} ${store}`);
  rmSync(file);
  await typed(`run rule=dfa ${sizes} ${store} store.weights=none`);
  const { runs: listed } = (await typedJson(`ls --all ${store}`)) as { runs: { run: string; rule: string }[] };
  for (const { run, rule } of listed) runs[rule.replace(/@.*/, "")] = run;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a run is exported", () => {
  it("as weights and as a model, of a rule of one's own too whose file is gone", async () => {
    for (const rule of ["frozen", "mine"]) {
      const [weights, onnx] = [join(folder, `${rule}.safetensors`), join(folder, `${rule}.onnx`)];
      const line = `export ${runs[rule]!.slice(0, 10)} --weights ${weights} --onnx ${onnx} ${store}`;
      expect(await typedJson(line)).toEqual({ run: runs[rule], weights, onnx });
      const { "layer1.weight": first } = readSafetensors(readFileSync(weights), ["layer1.weight"]);
      expect(first!.shape).toEqual([8, 4]);
      expect(metadataInSafetensors(readFileSync(weights))["run"]).toBe(runs[rule]);
      expect(readFileSync(onnx).includes(Buffer.from(Float32Array.from(first!.values).buffer))).toBe(true);
      // Said again it is the same.
      expect((await typed(line)).code).toBe(0);
    }
  });

  it.each([
    ["zz", "--onnx", 'export: expected a run as up to 16 hex digits, got "zz"'],
    ["0000000000000000", "--onnx", "export: expected a run of the store"],
    ["", "--weights", "export: expected a run with --weights and --onnx, got none"],
  ])("%j: one line that says what is wrong", async (run, option, message) => {
    const { code, stderr } = await typed(`export ${run} ${option} ${folder}/file ${store}`.replace("  ", " "));
    expect([code === 0, stderr.trimEnd().split("\n").length]).toEqual([false, 1]);
    expect(stderr).toContain(message);
  });

  it("says where weights are missing, and how to get them", async () => {
    const run = runs["direct-feedback-alignment"]!;
    const { code, stderr } = await typed(`export ${run} --weights ${folder}/none ${store}`);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `expected the weights of run ${run}, found none at ${folder}/store/weights/${run}.safetensors`,
    );
    expect(stderr).toMatch(/compute it in another store: .*run rule=direct-feedback-alignment .*store\.path=DIR\n$/);
  });

  it("says which file is damaged", async () => {
    const file = join(folder, "store", "weights", `${runs["frozen"]!}.safetensors`);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 100));
    const { code, stderr } = await typed(`export ${runs["frozen"]!} --weights ${folder}/none ${store}`);
    writeFileSync(file, whole);
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}: expected a safetensors file, got another`);
  });
});
