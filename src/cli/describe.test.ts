import { expect, it } from "vitest";
import { catalogue, signals } from "../rules/index.ts";
import { typed, typedJson } from "./typed.contract.ts";

interface Info {
  readonly task: Readonly<Record<string, unknown>>;
  readonly network: { readonly parameters: number; readonly layers: readonly object[]; readonly readout: object };
  readonly rule: { readonly id: string };
  readonly cost: Readonly<
    Record<"step" | "forward" | "readout" | "rule", { operations: number; products: number; bytes: number }>
  >;
  readonly run: { readonly steps: number; readonly operations: number };
}

const network = "task.v=8 task.m=4 task.depth=3 network.width=64 train.batch=128";

it("info: theory and sizes by their formulas", async () => {
  const { task, network: sizes } = (await typedJson(`info ${network}`)) as Info;
  expect(task).toEqual({
    positions: 8,
    // n_c m^((d-1)/(s-1)) = 8 * 4^7.
    strings: "131072",
    latents: 7,
    chanceError: 0.875,
    deepSupervised: 8 * 4 ** 3,
    twoLayer: 131072,
    // v m^(2l-1) / (1 - m/v), l = 1, 2.
    unsupervisedThresholds: [64, 1024],
  });
  expect(sizes).toEqual({
    parameters: 2 * 8 * 64 + 2 * 64 * 64 + 2 * 64 * 64 + 64 * 8 + 8,
    layers: [
      { layer: 1, positions: 4, inFeatures: 16, outFeatures: 64, shared: true, parameters: 1024 },
      { layer: 2, positions: 2, inFeatures: 128, outFeatures: 64, shared: true, parameters: 8192 },
      { layer: 3, positions: 1, inFeatures: 128, outFeatures: 64, shared: true, parameters: 8192 },
    ],
    readout: { inFeatures: 64, classes: 8, parameters: 520 },
  });
});

it("info: the products of a step are those counted by hand, and direct feedback saves a third of backprop's", async () => {
  const multiplyAdds = (positions: number, fanIn: number, out: number) => 2 * 128 * positions * fanIn * out;
  const forward = multiplyAdds(4, 16, 64) + multiplyAdds(2, 128, 64) + multiplyAdds(1, 128, 64);
  const readout = multiplyAdds(1, 64, 8);
  const back = (await typedJson(`info rule=backprop ${network}`)) as Info;
  expect(back.cost.forward.products).toBe(forward);
  // Scores, and the gradient of the read-out's weight; its optimiser may be fused with the latter (2 more a weight).
  expect(back.cost.readout.products).toBeGreaterThanOrEqual(2 * readout);
  expect(back.cost.readout.products).toBeLessThanOrEqual(2 * readout + 2 * 4 * 64 * 8);
  // Messages through the read-out, layers 3 and 2; a gradient for every layer.
  const messages = readout + multiplyAdds(1, 128, 64) + multiplyAdds(2, 128, 64);
  const weights = 16 * 64 + 2 * 128 * 64;
  expect(back.cost.rule.products).toBeGreaterThanOrEqual(messages + forward);
  expect(back.cost.rule.products).toBeLessThanOrEqual(messages + forward + 2 * 4 * weights);
  const direct = (await typedJson(`info rule=dfa ${network}`)) as Info;
  expect(direct.rule.id).toBe("direct-feedback-alignment");
  const saved = 1 - direct.cost.step.products / back.cost.step.products;
  expect(saved).toBeGreaterThan(0.15);
  for (const { cost, run } of [back, direct]) {
    for (const kind of ["operations", "products", "bytes"] as const) {
      expect(cost.forward[kind] + cost.readout[kind] + cost.rule[kind]).toBe(cost.step[kind]);
    }
    expect(run).toEqual({ steps: 2000, operations: 2000 * cost.step.operations });
  }
  const frozen = (await typedJson(`info rule=frozen ${network}`)) as Info;
  expect(frozen.cost.rule).toEqual({ operations: 0, products: 0, bytes: 0 });
});

it("info: where strings are independent there is no unsupervised signal, and JSON says Infinity", async () => {
  const { task } = (await typedJson("info task.v=4 task.m=4 task.depth=3")) as Info;
  expect(task["unsupervisedThresholds"]).toEqual(["Infinity", "Infinity"]);
});

it("info: says the same in words", async () => {
  const { stdout } = await typed(`info rule=frozen ${network}`);
  expect(stdout).toContain("131 072 distinct");
  expect(stdout).toContain("17 928 parameters");
  expect(stdout).toMatch(/forward +[\d ]+\n +read-out +[\d ]+\n +rule +0 +0 +0\n +step +[\d ]+\n$/);
});

interface Data {
  readonly strings: readonly {
    readonly datum: string;
    readonly class: number;
    readonly tokens: number[];
    readonly latents: number[][];
  }[];
}

it("data: trees in which equal parents never share a production's children, the same for the same seeds", async () => {
  const line = "data task.v=4 task.m=2 task.depth=2 --count 32";
  const { strings } = (await typedJson(line)) as Data;
  // All 4 * 2^3 strings of the model, each once.
  expect(new Set(strings.map(({ datum }) => datum)).size).toBe(32);
  expect(new Set(strings.map(({ tokens }) => tokens.join())).size).toBe(32);
  const parents = [new Map<string, number>(), new Map<string, number>()];
  for (const { class: label, tokens, latents } of strings) {
    expect([latents[0], latents[1]?.length, tokens.length]).toEqual([[label], 2, 4]);
    const levels = [...latents, tokens];
    parents.forEach((rules, level) =>
      levels[level]?.forEach((symbol, i) => {
        const tuple = levels[level + 1]?.slice(2 * i, 2 * i + 2).join() ?? "";
        expect(rules.get(tuple) ?? symbol).toBe(symbol);
        rules.set(tuple, symbol);
      }),
    );
  }
  // m productions for each of v symbols, at both levels.
  expect(parents.map(({ size }) => size)).toEqual([8, 8]);
  expect(await typedJson(line)).toEqual({ task: { v: 4, m: 2, s: 2, depth: 2, classes: 4 }, strings });
  expect(await typedJson(`${line} seeds.data=1`)).not.toEqual(await typedJson(line));
});

it("data: prints a tree of the same string", async () => {
  const { strings } = (await typedJson("data task.v=4 task.m=2 task.depth=2 --count 1")) as Data;
  const [first] = strings;
  const { stdout } = await typed("data task.v=4 task.m=2 task.depth=2 --count 1");
  expect(stdout).toContain(`datum ${first?.datum ?? ""}, class ${first?.class ?? ""}\n`);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .at(-1)
      ?.replaceAll(/^level 2 +| +/g, " ")
      .trim(),
  ).toBe(first?.tokens.join(" "));
});

it("rules: lists the whole catalogue, with equation, claims, relation, source and options", async () => {
  const { rules } = (await typedJson("rules")) as { rules: Record<string, unknown>[] };
  expect(rules.map(({ id }) => id)).toEqual(catalogue.map(({ id }) => id));
  expect(rules.find(({ id }) => id === "frozen")).toEqual({
    id: "frozen",
    aliases: ["random-features"],
    family: "control",
    equation: "dW_l = 0",
    symbols: null,
    source: "control",
    choices: null,
    relation: "none",
    reads: [],
    options: [],
  });
  const { stdout } = await typed("rules");
  for (const { id } of catalogue) expect(stdout).toContain(`\n  ${id} `);
});

it("rules: shows one rule by its alias, with the defaults of its options", async () => {
  const { rules } = (await typedJson("rules infonce")) as {
    rules: { id: string; options: Record<string, unknown>[] }[];
  };
  expect(rules.map(({ id }) => id)).toEqual(["info-nce"]);
  const temperature = {
    name: "temperature",
    values: "number > 0",
    default: 1,
    description: "tau, the scale of similarities",
  };
  expect(rules[0]?.options).toContainEqual(temperature);
  const { stdout } = await typed("rules infonce");
  expect(stdout).toContain("  rule.temperature: number > 0 (default 1)\n      tau, the scale of similarities\n");
  expect(stdout).toMatch(/^ {2}pair +this layer's activity for the paired view$/m);
  expect(stdout).toContain("\nclaims to read, with its default options\n");
});

it("rules: prints equation, symbols, source and choices, wrapped to the terminal", async () => {
  const { stdout } = await typed("rules wp", {}, 90);
  const lines = stdout.split("\n");
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(90);
  expect(lines.map((line) => /^(\w+) {2}/.exec(line)?.[1]).filter((name) => name !== undefined)).toEqual([
    "rule",
    "aliases",
    "family",
    "equation",
    "symbols",
    "source",
    "choices",
  ]);
  expect(stdout.replaceAll(/\s+/g, " ")).toContain("xi in W's shape, shared by the batch; biases are weights source");
});

it("rules --help: lists every signal with its meaning", async () => {
  const { stdout } = await typed("rules --help");
  for (const [name, meaning] of Object.entries(signals)) expect(stdout).toContain(`  ${name.padEnd(13)}  ${meaning}\n`);
});

it("schema: the same document with and without --json", async () => {
  const schema = (await typedJson("schema")) as { $schema: string };
  expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
  expect(JSON.parse((await typed("schema")).stdout)).toEqual(schema);
});
