import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { networks, rules } from "../index.ts";
import { rhm } from "../tasks/index.ts";
import { ruleOptions } from "../study/spec/rule-options.ts";
import { documentOf, traceUpdates } from "../train/traced.ts";
import { descriptionSchema } from "./messages.ts";
import { ruleFromFile } from "./rule-from-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-sandbox-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, text);
  return file;
}

const task = rhm({ v: 4, m: 2, depth: 2, seed: 1 });
const network = networks.treeCnn(task, { width: 8 });
const request = { network, batch: 8, length: 4 };
const chosen = (rule: rules.Rule, options: object = {}): rules.ChosenRule =>
  rules.chooseRule({ id: rule.id, ...options }, [rule]);

const card = `family: "mine", equation: "-", source: "-", relation: "none", reads: ["pre", "preactivation"]`;
const hebb = (change = "outer(pre, preactivation)", options = ""): string =>
  `export const mine = rules.plasticity({
  id: "mine", ${card}, options: z.strictObject({${options}}),
  change: ({ pre, preactivation, outer }, options) => ${change},
});
`;
const imports = `import { rules, z } from "afferent";\n`;

describe("a rule from a file", () => {
  it("has its card, and makes of a network what the rule itself makes of it", async () => {
    const file = await write(
      "again.ts",
      `import { rules } from "afferent";\nexport default rules.renamed(rules.pepita, "again");\n`,
    );
    const { rule, digest, sources } = await ruleFromFile(file);
    const { family, equation, source, relation, reads, symbols, choices } = rules.pepita;
    expect({ ...rule }).toMatchObject({ id: "again", family, equation, source, relation, reads });
    expect([rule.symbols, rule.choices]).toEqual([symbols, choices]);
    expect(ruleOptions(rule)).toEqual(ruleOptions(rules.pepita));
    expect(documentOf(chosen(rule), request)).toEqual(documentOf(rules.pepita(), request));
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(sources).toEqual([{ path: "again.ts", text: await readFile(file, "utf8") }]);
    expect((await ruleFromFile(file)).rule).toBe(rule);
  });

  it("has its options, with defaults and descriptions, and checks them as its own schema does", async () => {
    const options = `
    rate: z.number().positive().default(0.5).describe("how fast"), steps: z.int().min(1).default(3),
    kind: z.enum(["a", "b"]).default("a"), at: z.union([z.literal("top"), z.int().min(0)]).default("top"),
    table: z.record(z.string(), z.number()).default({}), pair: z.strictObject({ of: z.number().default(2) }).prefault({}),
    needed: z.number(), free: z.boolean().optional(), even: z.int().refine((n) => n % 2 === 0, "expected an even number").default(4),`;
    const { rule, settle } = await ruleFromFile(
      await write("options.ts", imports + hebb("outer(pre, preactivation).mul(options.rate)", options)),
    );
    const filled = { rate: 0.5, steps: 3, kind: "a", at: "top", table: {}, pair: { of: 2 }, needed: 1, even: 4 };
    expect(chosen(rule, { needed: 1 }).options).toEqual(filled);
    expect(settle({ needed: 1 })).toEqual(filled);
    expect(ruleOptions(rule).slice(0, 5)).toEqual([
      { name: "rate", values: "number > 0", choices: undefined, default: 0.5, description: "how fast" },
      { name: "steps", values: "integer >= 1", choices: undefined, default: 3, description: "" },
      { name: "kind", values: "a | b", choices: ["a", "b"], default: "a", description: "" },
      { name: "at", values: "top | integer >= 0", choices: undefined, default: "top", description: "" },
      { name: "table", values: "object", choices: undefined, default: {}, description: "" },
    ]);
    expect(() => chosen(rule, { needed: 1, rat: 1 })).toThrow("rule.rat: expected an option of mine (rate, steps");
    expect(() => chosen(rule, { needed: 1, rate: -1 })).toThrow("rule.rate: ");
    expect(() => chosen(rule)).toThrow("rule.needed: ");
    // What no JSON Schema says.
    expect(() => documentOf(chosen(rule, { needed: 1, even: 3 }), request)).toThrow(
      "options.ts: rule.even: expected an even number",
    );
    expect(documentOf(chosen(rule, { needed: 1, rate: 0.25 }), request)).not.toEqual(
      documentOf(chosen(rule, { needed: 1 }), request),
    );
  });

  it("may import files of its own, which are part of its digest, and types of anything", async () => {
    const helper = (factor: number): string => `export const factor: number = ${factor};\n`;
    const sources = {
      "with/rule.ts": `${imports}import type { Server } from "node:http";\nimport { factor } from "./lib/helper.js";
export type Unused = Server;\n${hebb("outer(pre, preactivation).mul(factor)")}`,
      "with/lib/helper.ts": `import { half } from "../numbers.json";\nexport const factor = half;\n`,
      "with/numbers.json": `{ "half": 0.5 }\n`,
    };
    for (const [name, text] of Object.entries(sources)) await write(name, text);
    const file = join(folder, "with/rule.ts");
    const before = await ruleFromFile(file);
    expect(before.sources).toEqual(
      ["rule.ts", "lib/helper.ts", "numbers.json"].map((path) => ({
        path,
        text: sources[`with/${path}` as "with/rule.ts"],
      })),
    );
    await write("with/lib/helper.ts", helper(2));
    const after = await ruleFromFile(file);
    expect(after.digest).not.toBe(before.digest);
    expect(documentOf(chosen(after.rule), request)).not.toEqual(documentOf(chosen(before.rule), request));
  });

  it("may import packages that need nothing of Node", async () => {
    await write("node_modules/halves/package.json", `{ "name": "halves", "version": "1.0.0", "main": "main.js" }`);
    await write("node_modules/halves/main.js", `exports.half = require("./number").half;\n`);
    await write("node_modules/halves/number.js", `exports.half = 0.5;\n`);
    const file = await write(
      "packaged.ts",
      `${imports}import { half } from "halves";\n${hebb("outer(pre, preactivation).mul(half)")}`,
    );
    const { rule, sources } = await ruleFromFile(file);
    expect(sources.map(({ path }) => path)).toEqual([
      "packaged.ts",
      "node_modules/halves/main.js",
      "node_modules/halves/number.js",
    ]);
    expect(traceUpdates({ network, rule: chosen(rule), batch: 8 }, 4).updates.slopes).toHaveLength(2);
  });

  it("is the same under another id", async () => {
    const { rule } = await ruleFromFile(await write("renamed.ts", imports + hebb()));
    const other = rules.renamed(rule, "other");
    expect(documentOf(chosen(other), request)).toEqual(documentOf(chosen(rule), request));
  });

  it("is never run here", async () => {
    const { rule } = await ruleFromFile(await write("here.ts", imports + hebb()));
    const internal = "internal: a rule from a file was asked to run in this process";
    expect(() => rule.trace(undefined as never, {})).toThrow(internal);
    expect(() => rule.between({})).toThrow(internal);
    expect(() => rule.scores(undefined as never, {})).toThrow(internal);
  });
});

describe("a rule file is refused, by its name and line, when it", () => {
  const only = `expected imports of "afferent", of files of its own and of packages that need nothing of Node, written as import ... from "...", got`;
  const name = `expected 1 to 64 letters, digits, "-", "_" or ".", the first a letter or digit, got`;
  const core = `expected defineNetwork, defineTask, graph, networks, rules, stream, tasks, theory, z from "afferent", which is all that such a file is given, got`;
  const cases: readonly (readonly [name: string, text: string, refusal: string])[] = [
    ["does not parse", "export const = 1;\n", `Expected identifier but found "=" (FILE:1:14)`],
    ["throws", 'const a = 1;\nthrow new Error("on purpose");\n', "on purpose (FILE:2:7)"],
    ["throws no error", 'throw "words";\n', "words"],
    [
      "exports nothing",
      "export const nothing = 1;\n",
      "expected one exported rule (credit, localObjective, plasticity or defineRule), got 0",
    ],
    [
      "exports two rules",
      `${imports}${hebb()}${hebb().replace("const mine", "const other")}`,
      "expected one exported rule (credit, localObjective, plasticity or defineRule), got 2",
    ],
    [
      "imports from Node",
      `import { readFileSync } from "node:fs";\n${imports}export const text = readFileSync("/etc/hosts");\n`,
      `${only} "node:fs" (FILE:1:30)`,
    ],
    [
      "imports from Node by another name",
      `import fs from "fs";\nexport const text = fs.readFileSync("/etc/hosts");\n`,
      `${only} "fs" (FILE:1:16)`,
    ],
    ["requires", `export const fs = require("node:fs");\n`, `${only} "node:fs" (FILE:1:27)`],
    [
      "requires a file",
      `export const other = require("./renamed.ts");\n`,
      `${only} require("./renamed.ts") (FILE:1:30)`,
    ],
    ["imports later", `export const fs = import("node:fs");\n`, `${only} "node:fs" (FILE:1:26)`],
    [
      "imports a file later",
      `export const other = import("./renamed.ts");\n`,
      `${only} import("./renamed.ts") (FILE:1:29)`,
    ],
    [
      "imports by a computed name",
      `const name = "node:" + "fs";\nexport const fs = import(name);\n`,
      `${only} a name that is only computed (FILE:2:19)`,
    ],
    [
      "requires by a computed name",
      `const name = "node:" + "fs";\nexport const fs = require(name);\n`,
      `${only} a name that is only computed (FILE:2:19)`,
    ],
    [
      "awaits",
      `await Promise.resolve();\n`,
      `Top-level await is currently not supported with the "iife" output format (FILE:1:1)`,
    ],
    [
      "imports what is not there",
      `import { a } from "./nowhere.ts";\nexport const b = a;\n`,
      `Could not resolve "./nowhere.ts" (FILE:1:19)`,
    ],
    ["imports what runs", `import { train } from "afferent";\nexport const b = train;\n`, `${core} train (FILE:1:10)`],
    [
      "takes what runs",
      `import * as afferent from "afferent";\nexport const b = afferent.studies;\n`,
      `${core} studies (FILE:2:27)`,
    ],
    [
      "has no card",
      `${imports}${hebb().replace('relation: "none"', 'relation: "some"')}`,
      "rule mine: relation: expected one of equal, equal when the feedback is the transpose, descent direction, none, got",
    ],
    [
      "has an id of two lines",
      `${imports}${hebb().replace('id: "mine"', 'id: "two\\nlines"')}`,
      `id: ${name} "two\\nlines"; rename it`,
    ],
    [
      "has options that are none",
      `${imports}${hebb().replace("z.strictObject({})", "z.number()")}`,
      "options.type: expected options as a z.strictObject",
    ],
  ];
  it.each([
    ["", `${name} ""; rename it`],
    ["a/b", `${name} "a/b"; rename it`],
    ["../up", `${name} "../up"; rename it`],
    ["two\nlines", `${name} "two\\nlines"; rename it`],
    ['"quoted"', `${name} "\\"quoted\\""; rename it`],
    ["it's", `${name} "it's"; rename it`],
    ["<b>bold</b>", `${name} "<b>bold</b>"; rename it`],
    ["two words", `${name} "two words"; rename it`],
    ["mine@01234567", `${name} "mine@01234567"; rename it`],
    ["x".repeat(10_000), `${name} "${"x".repeat(40)}"... (10000 characters); rename it`],
  ])("has the id or an alias %j", (id, refusal) => {
    const card = {
      ...{ family: "f", equation: "-", source: "-", relation: "none", reads: [] },
      options: { type: "object" },
    };
    const told = (names: object): unknown[] =>
      descriptionSchema
        .safeParse({ id: "mine", aliases: [], ...card, ...names })
        .error!.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    expect(told({ id })).toEqual([`id: ${refusal}`]);
    expect(told({ aliases: ["m", id] })).toEqual([`aliases.1: ${refusal}`]);
  });

  it.each(cases)("%s", async (name, text, refusal) => {
    const base = `${name.replaceAll(" ", "-")}.ts`;
    const file = await write(base, text);
    const error: unknown = await ruleFromFile(file).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(rules.RuleError);
    expect((error as Error).message).toContain(`${file}: ${refusal.replace("FILE", base)}`);
  });

  it("is missing", async () => {
    await expect(ruleFromFile("./nowhere.ts")).rejects.toThrow(
      /^rule: expected a rule in \.\/nowhere\.ts, found no such file; paths are relative to /,
    );
  });

  it("throws on a network", async () => {
    const file = await write("later.ts", `${imports}\n${hebb("preactivation.matmul(pre)")}`);
    const { rule } = await ruleFromFile(file);
    expect(() => documentOf(chosen(rule), request)).toThrow(
      /later\.ts: ShapeError: layer1: matmul: .* \(later\.ts:5:69\)$/,
    );
    const undefinedCall = await write(
      "helped.ts",
      `${imports}import { help } from "./helping.ts";\n${hebb("help(pre)")}`,
    );
    await write(
      "helping.ts",
      `export function help(pre: object) {\n  return (pre as { mine: () => never }).mine();\n}\n`,
    );
    const helped = (await ruleFromFile(undefinedCall)).rule;
    expect(() => documentOf(chosen(helped), request)).toThrow(
      /helped\.ts: TypeError: .*mine is not a function \(helping\.ts:2:41\)$/,
    );
  });

  it("returns no tensors", async () => {
    const { rule } = await ruleFromFile(await write("none.ts", imports + hebb("'words' as never")));
    expect(() => documentOf(chosen(rule), request)).toThrow("none.ts: TypeError: ");
  });
});
