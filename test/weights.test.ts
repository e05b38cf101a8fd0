/** What is exported of a run is loaded by the Python of docs/weights.md, to the same answers. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { typed, typedJson } from "../src/cli/typed.contract.ts";

const python = process.env["AFFERENT_PYTHON"] ?? "python3";

/** Why Python cannot load these; "" where it can. */
function lacking(modules: string): string {
  try {
    execFileSync(python, ["-c", `import ${modules}`], { stdio: "pipe" });
    return "";
  } catch {
    return `${python} lacks one of ${modules}; AFFERENT_PYTHON names another`;
  }
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-weights-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Trains a run and exports it as net.safetensors and net.onnx. */
async function exported(words: string): Promise<void> {
  const sizes =
    "task.v=4 task.m=3 task.depth=2 data.train=64 data.validation=16 data.test=16 train.steps=20 train.batch=16";
  const store = `store.path=${join(folder, "store")}`;
  const run = await typed(`run ${sizes} network.width=6 ${words} ${store} --name one --force`);
  expect([run.code, run.stderr]).toEqual([0, expect.anything()]);
  const { runs } = (await typedJson(`ls one ${store}`)) as { runs: { run: string }[] };
  const files = ["weights=net.safetensors", "onnx=net.onnx"].map((file) => `--${file.replace("=", ` ${folder}/`)}`);
  const { code, stderr, stdout } = await typed(
    `export ${runs[0]!.run.slice(0, 12)} ${files.join(" ")} --force ${store}`,
  );
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`written to ${join(folder, "net.onnx")}`);
}

const noTorch = lacking("torch, safetensors, numpy, onnxruntime");

describe.skipIf(noTorch !== "")(
  `Python loads what is exported${noTorch === "" ? "" : ` (skipped: ${noTorch})`}`,
  () => {
    // The short lines of PyTorch are for the first, those for every architecture for all.
    it.each([
      ["tree-cnn", 3],
      ["tree-cnn network.bias=per-position", 2],
      ["locally-connected network.bias=shared", 2],
      ["mlp network.readout=mean", 2],
      ["tree-cnn network.parametrisation=mean-field network.activation=tanh network.readout=mean", 2],
    ])(
      "network.architecture=%s",
      async (network, count) => {
        await exported(`rule=backprop network.architecture=${network}`);
        const page = await readFile(join(import.meta.dirname, "../docs/weights.md"), "utf8");
        const blocks = [...page.matchAll(/<!-- run by test\/weights\.test\.ts -->\s*```python\n([\s\S]*?)```/g)];
        const [onnx, short, general] = blocks.map(([, code = ""]) => code);
        const printed: number[][] = [];
        for (const code of count === 3 ? [onnx, short, general] : [onnx, general]) {
          await writeFile(join(folder, "load.py"), code ?? "");
          const { stdout } = await promisify(execFile)(python, ["load.py"], { cwd: folder });
          printed.push((JSON.parse(stdout) as number[][]).flat());
        }
        const [expected, ...others] = printed;
        expect(expected).toHaveLength(8);
        expect(others).toHaveLength(count - 1);
        for (const found of others) found.forEach((value, i) => expect(value).toBeCloseTo(expected![i]!, 3));
      },
      60_000,
    );
  },
);
