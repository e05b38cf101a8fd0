import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rulesPage } from "../scripts/rules-page.ts";

it("docs/rules.md is what the catalogue says now (npm run docs)", async () => {
  expect(await readFile(join(import.meta.dirname, "../docs/rules.md"), "utf8")).toBe(await rulesPage());
});
