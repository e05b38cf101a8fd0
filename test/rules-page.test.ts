import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { catalogue } from "../src/rules/index.ts";

it("docs/rules.md has every rule of the catalogue with its equation (all of it: rules-page.slow.test.ts)", async () => {
  const page = await readFile(join(import.meta.dirname, "../docs/rules.md"), "utf8");
  const families = [...new Set(catalogue.map(({ family }) => family))];
  const inOrder = families.flatMap((family) => catalogue.filter((rule) => rule.family === family));
  const sections = page.split(/^### /m).slice(1);
  expect(sections.map((section) => /^`([^`]+)`/.exec(section)?.[1])).toEqual(inOrder.map(({ id }) => id));
  for (const [i, { equation }] of inOrder.entries()) expect(sections[i]).toContain(equation);
});
