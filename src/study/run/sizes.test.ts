import { describe, expect, it } from "vitest";
import { parameterCount } from "../../networks/index.ts";
import { RunSpec } from "../spec/spec.ts";
import { completeSpec, networkOf } from "./build.ts";
import { PlannedModel } from "./planned-model.ts";
import { limits, refuseLongTrace, refuseTooLarge } from "./sizes.ts";

type Input = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const specOf = (input: Input): RunSpec => completeSpec(RunSpec.parse(input));
const messageOf = (input: Input): string => {
  try {
    refuseTooLarge(specOf(input));
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

it("takes the defaults, and sizes that are large and possible", () => {
  expect(messageOf({})).toBe("");
  expect(messageOf({ network: { width: 4096 } })).toBe("");
  expect(messageOf({ task: { v: 8, m: 2, depth: 10 }, network: { width: 64 } })).toBe("");
});

it.each<[string, Input]>([
  [
    "task.depth: expected strings of at most 65536 symbols, got s^depth = 2^30; task.depth=16 fits",
    { task: { depth: 30 } },
  ],
  [
    "task.depth: expected strings of at most 65536 symbols, got s^depth = 2000000^1; lower task.s",
    { task: { s: 2e6, depth: 1 } },
  ],
  ["network: expected at most 268435456 parameters, got ", { network: { width: 100_000 } }],
  [
    "train.batch: expected a batch with activity of at most 268435456 numbers, got 10000000 strings of ",
    { train: { batch: 1e7 } },
  ],
  ["network.depth: expected at most 256 hidden layers, got 100000", { network: { architecture: "mlp", depth: 1e5 } }],
  ["data: expected strings of at most 268435456 symbols and labels together, got train + ", { data: { train: 1e9 } }],
  ["task: expected productions of at most 67108864 symbols, got ", { task: { v: 2 ** 30, m: 1 } }],
])("refuses at once: %s", (start, input) => {
  const before = performance.now();
  expect(messageOf(input).slice(0, start.length)).toBe(start);
  // A built model would take seconds, or all memory.
  expect(performance.now() - before).toBeLessThan(500);
  expect(() => new PlannedModel(specOf(input)).step).toThrow(start);
});

describe("what is said to fit does, and one more does not", () => {
  const fitting = (input: Input): number => Number(/=(\d+) fits$/.exec(messageOf(input))?.[1]);

  it("width", () => {
    const width = fitting({ network: { width: 100_000 } });
    expect(messageOf({ network: { width } })).toBe("");
    expect(parameterCount(networkOf(specOf({ network: { width: width + 1 } })))).toBeGreaterThan(limits.parameters);
  });

  it("batch", () => {
    const batch = fitting({ train: { batch: 1e7 } });
    expect(messageOf({ train: { batch } })).toBe("");
    expect(messageOf({ train: { batch: batch + 1 } })).not.toBe("");
  });

  it("depth and multiplicity of the task", () => {
    expect(fitting({ task: { depth: 30, s: 3 } })).toBe(10);
    const m = fitting({ task: { v: 1000, m: 1e6, depth: 2 } });
    expect(messageOf({ task: { v: 1000, m, depth: 2 } })).toBe("");
    expect(messageOf({ task: { v: 1000, m: m + 1, depth: 2 } })).not.toBe("");
  });

  it("steps of a trace", () => {
    const spec = specOf({});
    const message = /--steps (\d+) fits$/;
    let steps = 0;
    try {
      refuseLongTrace(spec, 99_999_999);
    } catch (error) {
      steps = Number(message.exec((error as Error).message)?.[1]);
    }
    expect(steps).toBeGreaterThan(100);
    expect(() => refuseLongTrace(spec, steps)).not.toThrow();
    expect(() => refuseLongTrace(spec, steps + 1)).toThrow(message);
  });
});
