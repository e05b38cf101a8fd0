/** What the audit says of a thousand random expressions, against what these compute. */
import { expect, test } from "vitest";
import { range } from "../../graph/index.ts";
import { wrongOfRandom } from "./told-and-computed.contract.ts";

test.each(range(33))("%i", (block) => {
  expect(wrongOfRandom(30 * block, 30, block)).toBe("");
});
