/** A run of any rule has the same bits in a group of any size and on any number of threads, more than there are cores too. */
import { describe, it } from "vitest";
import { catalogue } from "../rules/index.ts";
import { giveTheSameBits, runsScoreTheSame, type Setting } from "./same-bits.contract.ts";

const all = [1, 2, 3, 4, 5, 6];
const stacked = (seeds: readonly number[], threads = 1): Setting => ({ form: "stacked", seeds, threads });
const plain = (threads: number): Setting => ({ form: "plain", seeds: [1], threads });
const ids = catalogue.map(({ id }) => id);

describe.each([
  [6, 5],
  [15, 9],
])("in groups of 1, 2, 3 and 6, width %i, batch %i", (width, batch) => {
  const settings = [stacked(all), stacked([4]), stacked([2, 5]), stacked([1, 2, 3]), stacked([4, 5, 6])];
  it.each(ids)("%s", (rule) => giveTheSameBits(rule, settings, { width, batch }));
});

describe("curves and scores, in groups and on threads", () => {
  const settings = [stacked(all), stacked([2]), stacked([1, 2, 3], 2), stacked([4, 5, 6], 3)];
  it.each(ids)("%s", (rule) => runsScoreTheSame(rule, settings, { width: 22, batch: 17 }));
});

// Layers wider than the batch, whose products are split by columns.
describe("on 1, 2, 4 and 8 threads", () => {
  const sizes = { width: 150, batch: 16 };
  it.each(ids)("%s, alone", (rule) => giveTheSameBits(rule, [1, 2, 4, 8].map(plain), sizes));
  it.each(ids)("%s, stacked", (rule) =>
    giveTheSameBits(rule, [stacked([1, 2, 3]), stacked([1], 4), stacked([1, 2, 3], 8)], sizes),
  );
});

describe("at width 300", () => {
  it.each(["backprop", "direct-feedback-alignment", "info-nce", "predictive-coding"])("%s", (rule) =>
    giveTheSameBits(rule, [1, 2, 4, 8].map(plain), { width: 300, batch: 128 }),
  );
});
