/** Tasks and networks from files: the same as in this process, and what is refused of them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { z } from "zod";
import { stream } from "../random/stream.ts";
import { defineTask, type SplitSizes } from "../tasks/index.ts";
import { networkFromFile } from "./network-from-file.ts";
import { taskFromFile } from "./task-from-file.ts";

const folder = mkdtempSync(join(tmpdir(), "afferent-task-file-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const sizes: SplitSizes = { train: 6, validation: 2, test: 3 };

const card = `{
  id: "words",
  summary: "strings whose first symbol is their class",
  options: z.strictObject({ length: z.int().positive().default(3) }),
  sizes: { train: 6, validation: 2, test: 3 },
  shape: ({ length }) => ({ values: "symbols", positions: length, channels: 4, classes: 4 }),
  draw: ({ length }, sizes, { task, data }) => {
    const shift = task.integer(4);
    const some = (count) => {
      const inputs = Array.from({ length: count }, () => Array.from({ length }, () => data.integer(4)));
      return { inputs, labels: inputs.map(([first]) => (first + shift) % 4) };
    };
    return { train: some(sizes.train), validation: some(sizes.validation), test: some(sizes.test) };
  },
}`;

test("a file's task draws what the same task draws in this process, by the same seeds", async () => {
  const { definition, description } = await taskFromFile(
    file("words.js", `import { defineTask, z } from "afferent";\nexport const words = defineTask(${card});`),
  );
  // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- the text of the file, run in this process.
  const here = defineTask(new Function("z", `return ${card}`)(z) as Parameters<typeof defineTask>[0]);
  expect(description).toMatchObject({ id: "words", title: "words", sizes });
  const options = definition.options.parse({ length: 5 });
  expect(definition.shape(options)).toEqual({ values: "symbols", positions: 5, channels: 4, classes: 4 });
  const drawn = [definition, here].map((one) =>
    one.make(options as never, stream(3, "task")).draw(sizes, stream(4, "data")),
  );
  expect(drawn[0]).toEqual(drawn[1]);
  expect(drawn[0]!.train.labels).toHaveLength(6);
});

test("a task that gives other examples than it says is refused, by its file", async () => {
  const path = file(
    "liar.js",
    `import { defineTask, z } from "afferent";\nexport default defineTask(${card.replace("data.integer(4)", "9")});`,
  );
  const { definition } = await taskFromFile(path);
  const task = definition.make(definition.options.parse({}), stream(0, "task"));
  expect(() => task.draw(sizes, stream(0, "data"))).toThrow(
    `${path}: task words: train: inputs: expected symbols, whole numbers from 0 to 3, got 9 in example 0, place 0`,
  );
});

test.each<[string, string, string]>([
  ["chance.js", card.replace("data.integer(4)", "Math.floor(4 * Math.random())"), "Math.random"],
  ["throws.js", card.replace("const shift = task.integer(4);", 'throw new Error("no data today");'), "no data today"],
])("%s", async (name, text, refusal) => {
  const { definition } = await taskFromFile(
    file(name, `import { defineTask, z } from "afferent";\nexport default defineTask(${text});`),
  );
  const task = definition.make(definition.options.parse({}), stream(0, "task"));
  expect(() => task.draw(sizes, stream(0, "data"))).toThrow(refusal);
});

test("a file's network is asked for its layers on each task", async () => {
  const path = file(
    "net.ts",
    `import { defineNetwork } from "afferent";
     export default defineNetwork(({ classes }) => ({ bias: "shared", layers: [{ kind: "dense", width: 2 * classes }] }));`,
  );
  const { describe: of, digest } = await networkFromFile(path);
  const shape = { values: "real", positions: 1, channels: 2, classes: 3 } as const;
  expect(of(shape)).toEqual({
    ...{ layers: [{ kind: "dense", width: 6 }], activation: "relu", bias: "shared" },
    ...{ parametrisation: "standard", readout: "flatten" },
  });
  expect(of({ ...shape, classes: 5 }).layers).toEqual([{ kind: "dense", width: 10 }]);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  const bad = file(
    "bad.ts",
    `import { defineNetwork } from "afferent";\nexport default defineNetwork({ layers: [] });`,
  );
  await expect(networkFromFile(bad).then((found) => found.describe(shape))).rejects.toThrow(
    `${bad}: network.layers: expected at least one hidden layer`,
  );
});
