/** 500 attacks by lot are exposed. */
import { expect, test } from "vitest";
import { range } from "../../graph/index.ts";
import { generated } from "./generator.ts";
import { deceiving } from "./outcome.contract.ts";

test.each(range(5))("attacks by lot, hundred %i", (hundred) => {
  expect(deceiving(range(100).map((i) => generated(100 * hundred + i)))).toEqual([]);
});
