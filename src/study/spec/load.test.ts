import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { valueAt } from "./keys.ts";
import { expand } from "./expand.ts";
import { loadStudy, studyFromWords } from "./load.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-load-"));
});
afterAll(async () => rm(folder, { recursive: true }));

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function errorOf(name: string, text?: string): Promise<string> {
  const path = text === undefined ? join(folder, name) : await file(name, text);
  const message = await loadStudy(path).then(
    () => "no error",
    (error: unknown) => (error as Error).message,
  );
  return message.replaceAll(folder, "DIR").replace(process.cwd(), "CWD");
}

const study = { name: "s", question: "Q?", grid: { rule: ["backprop", "oja"], seed: "0..2" } };

describe("loadStudy", () => {
  it("reads the same study from JSON, YAML, TypeScript and JavaScript", async () => {
    const json = await loadStudy(await file("a.json", JSON.stringify({ $schema: "x", ...study })));
    const yaml = "name: s\nquestion: Q?\ngrid:\n  rule: [backprop, oja]\n  seed: 0..2\n";
    const source = `import { defineStudy } from ${JSON.stringify(join(import.meta.dirname, "study.ts"))};
      const name: string = "s"; export default defineStudy({ ...${JSON.stringify(study)}, name });`;
    expect(await loadStudy(await file("a.yaml", yaml))).toEqual(json);
    expect(await loadStudy(await file("a.ts", source))).toEqual(json);
    expect(await loadStudy(await file("a.mjs", `export default ${JSON.stringify(study)};`))).toEqual(json);
    expect(expand(json)).toHaveLength(6);
  });

  it("makes a study of one run from a bare specification", async () => {
    const loaded = await loadStudy(await file("my run.yaml", "task: { v: 4 }\ntrain: { learningRate: 1e-3 }\n"));
    expect(loaded.name).toBe("my-run");
    expect(expand(loaded).map(({ spec }) => [valueAt(spec, "task.v"), spec.train.learningRate])).toEqual([[4, 0.001]]);
  });

  it("begins every error with the file", async () => {
    expect([
      await errorOf("missing.yaml"),
      await errorOf("a.txt", ""),
      await errorOf("bad.yaml", "name: s\nquestion: [\n"),
      await errorOf("bad.json", '{\n  "name": "s",\n  "grid": {,}\n}'),
      await errorOf("loose.json", "name: s"),
      await errorOf("empty.yaml", ""),
      await errorOf("list.json", "[1]"),
      await errorOf("key.json", JSON.stringify({ ...study, grid: { "task.w": [1] } })),
      await errorOf("spec.json", '{ "task": { "v": 0 } }'),
      await errorOf("none.mjs", "export const a = 1;"),
      await errorOf("throws.mjs", 'throw new Error("study \\"s\\": grid.x: wrong");'),
    ]).toMatchInlineSnapshot(`
      [
        "DIR/missing.yaml: expected a study file, found nothing there; paths are relative to CWD",
        "DIR/a.txt: expected a file ending in .json, .yaml, .yml, .ts, .mts, .js, .mjs, got ".txt"",
        "DIR/bad.yaml:3:1: expected valid YAML, got a parse error: Flow sequence in block collection must be sufficiently indented and end with a ]",
        "DIR/bad.json:3:12: expected valid JSON, got a parse error: Unexpected , in flow map",
        "DIR/loose.json: expected valid JSON, got a parse error: Unexpected token 'a', "name: s" is not valid JSON",
        "DIR/empty.yaml: expected a study or a run specification, got nothing; see defineStudy",
        "DIR/list.json: expected a study or a run specification, got a list; see defineStudy",
        "DIR/key.json: study "s": grid.task.w: expected a key of the run specification, got "task.w"; did you mean task.v?",
        "DIR/spec.json: study "spec": base.task.v: expected an integer > 0, got 0 (vocabulary: symbols per level; default 8)",
        "DIR/none.mjs: expected a default export, got none; write export default defineStudy({ ... })",
        "DIR/throws.mjs: study "s": grid.x: wrong",
      ]
    `);
  });
});

describe("studyFromWords", () => {
  it("takes overrides alone", async () => {
    const inline = await studyFromWords(["rule=backprop,oja", "task.v=4"]);
    expect(expand(inline).map(({ spec }) => [spec.rule.id, valueAt(spec, "task.v")])).toEqual([
      ["backprop", 4],
      ["oja", 4],
    ]);
  });

  it("takes a file and overrides on top of it", async () => {
    const path = await file("b.json", JSON.stringify(study));
    expect(
      expand(await studyFromWords([path, "seed=9", "rule=oja"])).map(({ spec }) => [spec.rule.id, spec.seed]),
    ).toEqual([["oja", 9]]);
  });
});
