import { describe, expect, it } from "vitest";
import { enoughToSay } from "./execute.ts";
import { fittedSpeed, groupSeconds, type GroupSize, lastEnds } from "./speed.ts";

const size = (over: Partial<GroupSize>): GroupSize => ({
  ...{ nodes: 100, products: 1e7, steps: 100, replicas: 2, threads: 1, batch: 100, strings: 300 },
  ...over,
});

describe("groupSeconds", () => {
  it("is start, nodes at every step, and products of all replicas and of the judged strings: by hand", () => {
    const speed = { workers: 9, start: 0.5, node: 1e-5, product: 1e-10 };
    // 0.5 + 100 * 100 * 1e-5 + (100 + 1) * 1e7 * 2 * 1e-10
    expect(groupSeconds(size({}), speed)).toBeCloseTo(0.5 + 0.1 + 0.202, 12);
    expect(groupSeconds(size({ threads: 2 }), speed)).toBeCloseTo(0.5 + 0.1 + 0.101, 12);
  });
});

describe("fittedSpeed", () => {
  it("finds the speed that measured times come from, and none below 0", () => {
    const truth = { workers: 1.5, start: 0.2, node: 3e-5, product: 8e-11 };
    const sizes = [
      size({ steps: 1 }),
      size({ steps: 4000, products: 1e5 }),
      size({ products: 3e8 }),
      size({ replicas: 8 }),
    ];
    const measured = sizes.map((each) => ({ size: each, seconds: groupSeconds(each, truth) }));
    const found = fittedSpeed(measured, 1.5);
    for (const key of ["workers", "start", "node", "product"] as const)
      expect(found[key] / truth[key]).toBeCloseTo(1, 3);
    const odd = fittedSpeed(
      sizes.map((each, i) => ({ size: each, seconds: i === 2 ? 1e-3 : 1 })),
      0,
    );
    for (const key of ["start", "node", "product"] as const) expect(odd[key]).toBeGreaterThanOrEqual(0);
  });
});

describe("lastEnds", () => {
  it("hands groups in order to the first free worker", () => {
    expect(lastEnds([5, 4, 3, 2], 2)).toBe(7);
    expect(lastEnds([5, 4, 3, 2], 1)).toBe(14);
    expect(lastEnds([], 2)).toBe(0);
    expect(lastEnds([3], 2, [1, 10])).toBe(10);
    expect(lastEnds([3], 2, [9, 10])).toBe(12);
  });
});

it("says nothing of the time left from a moment, or from a sliver of the work", () => {
  expect(enoughToSay(1.9, 0.5)).toBe(false);
  expect(enoughToSay(60, 0.01)).toBe(false);
  expect(enoughToSay(60, NaN)).toBe(false);
  expect(enoughToSay(2, 0.02)).toBe(true);
});
