import { describe, expect, it } from "vitest";
import { canonicalJson, runIdentity } from "./identity.ts";
import { RunSpec } from "./spec.ts";

describe("runIdentity", () => {
  it("is the start of the SHA-256 of the canonical JSON", () => {
    // printf '{"a":[true,null,"x\\"y"],"b":{"c":1e-8,"d":-2.5}}' | sha256sum
    const spec = { b: { d: -2.5, c: 1e-8, e: undefined }, a: [true, null, 'x"y'] };
    expect(runIdentity(spec as unknown as RunSpec)).toBe("7794b7c804dc15f6");
  });

  it("does not depend on the order of keys nor on defaults left unsaid", () => {
    const short = RunSpec.parse({ task: { m: 3, v: 5 }, rule: "oja" });
    const long = RunSpec.parse({ rule: { id: "oja" }, seed: 0, task: { id: "rhm", v: 5, m: 3, classes: 5 } });
    expect(runIdentity(long)).toBe(runIdentity(short));
  });

  it("depends on every leaf, the rule's options included", () => {
    const specs = [
      {},
      { task: { v: 9 } },
      { data: { test: 1999 } },
      { network: { widths: [64, 64] } },
      { network: { widths: [64, 65] } },
      { rule: { id: "backprop", gamma: 1 } },
      { rule: { id: "backprop", gamma: 2 } },
      { train: { epsilon: 1.0000000001e-8 } },
      { probes: true },
      { seed: 1 },
      { seeds: { noise: 0 } },
      { engine: { device: "webgpu" as const } },
    ];
    const identities = specs.map((spec) => runIdentity(RunSpec.parse(spec)));
    expect(new Set(identities).size).toBe(specs.length);
    expect(identities.every((identity) => /^[0-9a-f]{16}$/.test(identity))).toBe(true);
  });
});

describe("canonicalJson", () => {
  it.each([
    [
      { rule: { gamma: NaN } },
      "specification.rule.gamma: expected a finite number, a string, a boolean, null, an array or an object, got NaN; a specification is plain JSON",
    ],
    [
      { a: [1, undefined] },
      "specification.a[1]: expected a finite number, a string, a boolean, null, an array or an object, got undefined; a specification is plain JSON",
    ],
    [
      { at: new Date(0) },
      "specification.at: expected a finite number, a string, a boolean, null, an array or an object, got [object Date]; a specification is plain JSON",
    ],
  ])("refuses what JSON would lose: %o", (value, message) => {
    expect(() => canonicalJson(value)).toThrow(message);
  });
});
