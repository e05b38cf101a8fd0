import { describe, expect, it } from "vitest";
import { layOut } from "../networks/index.ts";
import { chooseRule, defineRule } from "../rules/index.ts";
import { originOf, simplify, toData, topological } from "../graph/index.ts";
import { z } from "zod";
import { sourcePlace } from "./source-place.ts";
import { documentOf, traceUpdates } from "./traced.ts";

const network = layOut(
  { positions: 4, channels: 3, classes: 4, branching: 2 },
  {
    ...{ architecture: "tree-cnn", width: 4, widths: [3, 4], activation: "relu" },
    ...{ parametrisation: "standard", bias: "none", readout: "flatten" },
  },
);
const request = { network, batch: 3, length: 4 };

describe("where nodes were written", () => {
  it("is in the rule's own file, at the line of its call; a document without it is otherwise the same", () => {
    const own = defineRule(
      {
        ...{
          id: "own",
          family: "-",
          equation: "-",
          source: "-",
          relation: "none",
          reads: [],
          options: z.strictObject({}),
        },
      },
      ({ layers }) => ({
        slopes: layers.flatMap(({ parameters: [weight] }) =>
          weight === undefined ? [] : [{ parameter: weight, gradient: weight.tensor.tanh() }],
        ),
      }),
    );
    const rule = own();
    const line = Number(/source-place\.test\.ts:(\d+)/.exec(new Error().stack ?? "")?.[1]) - 5;
    const { updates, document } = traceUpdates({ ...request, rule, origins: true }, 4);
    const [slope] = updates.slopes;
    expect(originOf(slope!.gradient)).toMatch(new RegExp(`^src/train/source-place\\.test\\.ts:${line}:\\d+$`));
    expect(originOf(simplify([slope!.gradient.neg().neg()])[0]!)).toBe(originOf(slope!.gradient));
    const plain = documentOf(rule, request);
    expect(plain.updates.origins).toBeUndefined();
    const { origins: _, ...graph } = document.updates;
    expect({ ...document, updates: graph }).toEqual(plain);
    // Nor does the name of a graph depend on it.
    expect(toData([slope!.gradient])).toEqual(
      toData([traceUpdates({ ...request, rule }, 4).updates.slopes[0]!.gradient]),
    );
    expect(originOf(traceUpdates({ ...request, rule }, 4).updates.slopes[0]!.gradient)).toBeUndefined();
  });

  it("is that of shipped rules too", () => {
    const { updates } = traceUpdates({ ...request, rule: chooseRule({ id: "backprop" }), origins: true }, 4);
    const places = topological(updates.slopes.map(({ gradient }) => gradient)).map((node) => originOf(node));
    expect(places.some((place) => /^src\/rules\/feedback\/feedback\.ts:\d+:\d+$/.test(place ?? ""))).toBe(true);
  });

  it("is found in stacks of any style, and not outside the rule", () => {
    const at = (file: string): string => `${new URL(`../../${file}`, import.meta.url).href}:3:7`;
    const stack = (...files: string[]): string =>
      ["Error", ...files.map((file) => `    at f (${at(file)})`)].join("\n");
    expect(sourcePlace(stack("src/graph/tensor.ts", "src/rules/contract/credit.ts", "src/rules/a/b.ts"))).toBe(
      "src/rules/a/b.ts:3:7",
    );
    expect(
      sourcePlace(
        stack("src/graph/tensor.ts", "src/rules/contract/credit.ts", "src/train/write-document.ts", "mine.ts"),
      ),
    ).toBe("src/rules/contract/credit.ts:3:7");
    expect(sourcePlace(stack("src/graph/tensor.ts", "src/train/write-document.ts"))).toBeUndefined();
    expect(sourcePlace("Error\n    at /home/me/my rule.ts:1:2\n    at file:///home/me/mine.ts:12:5")).toBe(
      "/home/me/mine.ts:12:5",
    );
  });
});
