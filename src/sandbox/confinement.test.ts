/** What a rule file cannot do: each line of code is run inside one, and what came of it is read from its card. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { Tensor } from "../graph/index.ts";
import { usualLimits } from "./ask.ts";
import { ruleFromFile } from "./rule-from-file.ts";

let folder = "";
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "afferent-confinement-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(code: string): Promise<string> {
  const file = join(folder, `rule-${count++}.ts`);
  await writeFile(file, code);
  return file;
}

const card = `family: "test", source: "-", relation: "none", reads: [], options: z.strictObject({}),
  change: ({ pre, preactivation, outer }) => outer(pre, preactivation)`;

/** What some expressions give inside a rule file, each in words. */
async function inside(expressions: readonly string[], before = ""): Promise<string[]> {
  const tries = expressions.map(
    (expression) =>
      `(() => { try { return String(${expression}); } catch (error) { return "threw " + error.message; } })()`,
  );
  const file = await fileOf(`// @ts-nocheck
import { graph, networks, rules, tasks, theory, z } from "afferent";
${before}
export const probe = rules.plasticity({ id: "probe", equation: JSON.stringify([${tries.join(",\n")}]), ${card} });
`);
  return JSON.parse((await ruleFromFile(file)).rule.equation) as string[];
}

test("a rule file has nothing of Node and nothing of a browser", async () => {
  const names = [
    ...["process", "module", "exports", "global", "Buffer", "setTimeout", "queueMicrotask", "fetch"],
    ...["performance", "crypto", "structuredClone", "URL", "TextDecoder", "WebAssembly", "SharedArrayBuffer"],
    ...["Atomics", "WeakRef", "FinalizationRegistry", "Intl", "window", "self"],
  ];
  expect(await inside(names.map((name) => `typeof ${name}`))).toEqual(names.map(() => "undefined"));
});

test("no text becomes code", async () => {
  const ways = [
    `this?.constructor.constructor("return process")()`,
    `globalThis.constructor.constructor("return process")()`,
    `Function("return process")()`,
    `new Function("return process")()`,
    `(0, eval)("process")`,
    `(async () => {}).constructor("return process")()`,
    `(function* () {}).constructor("return process")().next()`,
    `rules.oja.constructor("return process")()`,
    `graph.Tensor.constructor("return process")()`,
    `Reflect.construct(Function, ["return process"])()`,
  ];
  for (const outcome of await inside(ways.slice(1)))
    expect(outcome).toBe("threw Code generation from strings disallowed for this context");
  expect(await inside([ways[0]!])).toEqual(["undefined"]);
});

test("what is asked of chance and of the clock is refused, and says what to do", async () => {
  const asked = ["Math.random()", "Date.now()", "new Date()", "Date()"];
  const refusals = await inside(asked);
  expect(refusals).toEqual(
    asked.map(
      (what) => `threw ${what}: a rule is a function of what it is given; ask for noise (layer.noise, workspace.noise)`,
    ),
  );
  expect(await inside(["new Date(0).toISOString()", "new Date(2020, 0).getTimezoneOffset()"])).toEqual([
    "1970-01-01T00:00:00.000Z",
    "0",
  ]);
});

test("nothing that is shared can be changed", async () => {
  const changes = [
    ...["Array.prototype.map = () => []", "Object.prototype.owner = 1", "Object.prototype.toString = () => ''"],
    ...["Function.prototype.call = null", "Map.prototype.get = null", "Math.max = null", "JSON.stringify = null"],
    ...["globalThis.Array = null", "globalThis.Object = null", "Error.prepareStackTrace = () => 1"],
    ...["Error.prototype.message = 'x'", "Error.stackTraceLimit = 0", "globalThis.Error = null"],
    ...[
      "Object.getPrototypeOf([].values()).next = null",
      "Object.getPrototypeOf((function* () {})()).__proto__.next = null",
    ],
    ...[
      "Object.setPrototypeOf(Array.prototype, null)",
      "Object.defineProperty(Promise.prototype, 'then', { value: 1 })",
    ],
    ...["graph.Tensor.prototype.mul = null", "graph.Tensor.of = null", "graph.grad = null", "graph.mine = null"],
    ...["rules.LayerView.prototype.outer = null", "rules.Workspace.prototype.noise = null"],
    ...[
      "rules.Registry.prototype.keep = null",
      "rules.oja.trace = null",
      "rules.catalogue.push(1)",
      "rules.credit = null",
    ],
    ...["rules.signals.pre = ''", "networks.treeCnn = null", "theory.discovery.mine = null", "z.object = null"],
  ];
  const outcomes = await inside(changes);
  expect(changes.filter((_, i) => !outcomes[i]!.startsWith("threw "))).toEqual([]);
  expect([Array.prototype.map.name, Tensor.prototype.mul.name]).toEqual(["map", "mul"]);
});

test("objects and classes of a file's own are its own", async () => {
  const before = `
class Own extends Error { constructor(message) { super(message); this.name = "Own"; this.message = message + "!"; } }
class List extends Array { constructor(...items) { super(...items); } map() { return "mine"; } }
function Old() {} Old.prototype.toString = function () { return "old"; }; Old.prototype.constructor = Old;
const table = {}; table.toString = () => "table"; table.hasOwnProperty = 1; table.constructor = 2;
class Counter { static of = 3; #n = 1; get n() { return this.#n; } }`;
  const own = ["new Own('x').message", "String(new Own('y'))", "new List(1, 2).map()", "new Old()", "table"];
  expect(await inside([...own, "table.constructor", "Counter.of + new Counter().n"], before)).toEqual([
    ...["x!", "Own: y!", "mine", "old", "table", "2", "4"],
  ]);
});

test("what is thrown where the stack ends is of the context, and leads nowhere", async () => {
  const before = `
const found = new Set();
const look = (error) => {
  found.add(error instanceof Error);
  try { found.add(error.constructor.constructor("return process")() === undefined); } catch (refusal) { found.add(refusal.message); }
};
const deep = () => { try { deep(); } catch (error) { look(error); } try { new Error("x").stack; null.x; } catch (error) { look(error); } };
const once = () => { try { new Error("x").stack; once(); } catch (error) { look(error); throw error; } };
try { once(); } catch {}`;
  const [outcome] = await inside(
    ["[...found].filter((one) => typeof one !== 'string' || !one.startsWith('Maximum')).sort().join()"],
    before,
  );
  expect(outcome).toBe("Code generation from strings disallowed for this context,true");
});

describe("a rule that does not end", () => {
  it("is stopped, and says so", async () => {
    const file = await fileOf("for (;;);\n");
    await expect(ruleFromFile(file, { ...usualLimits, seconds: 1 })).rejects.toThrow(
      `${file}: expected an end within 1 s, got none; it was stopped`,
    );
  });

  it("is stopped where it waits for what never comes", async () => {
    const file = await fileOf(`import { rules, z } from "afferent";
const again = (): Promise<void> => Promise.resolve().then(again);
void again();
export const patient = rules.plasticity({ id: "patient", equation: "-", ${card} });
`);
    expect((await ruleFromFile(file)).rule.id).toBe("patient");
  });

  it("is stopped when it takes all memory", async () => {
    const file = await fileOf("const all: unknown[] = [];\nfor (;;) all.push(new Array(1000).fill(0).map(String));\n");
    await expect(ruleFromFile(file, { ...usualLimits, megabytes: 64 })).rejects.toThrow(
      `${file}: expected to need at most 64 MB of memory, got more; it was stopped`,
    );
  });

  it("is refused when what it says is too long", async () => {
    const file = await fileOf(`import { rules, z } from "afferent";
export const long = rules.plasticity({ id: "long", equation: "x".repeat(3e6), ${card} });
`);
    await expect(ruleFromFile(file, { ...usualLimits, answerMegabytes: 1 })).rejects.toThrow(
      `${file}: expected a graph of at most 1 MB, got a larger one`,
    );
  });
});

test("nothing is written to the process's own output, nor to files", async () => {
  const [outcome] = await inside(["console.log('x')"]);
  expect(outcome).toBe("undefined");
  expect(await readFile(join(folder, "rule-0.ts"), "utf8")).toContain("typeof process");
});
