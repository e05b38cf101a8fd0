/** Two of the examples, on the source; all of them as a user has them: examples.slow.test.ts. Their types are checked with all others. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, prints, root } from "./packed.contract.ts";

test("every example is shown", async () => {
  const names = (await readdir(join(root, "examples"))).map((file) => file.replace(/\.ts$/, ""));
  expect(names.sort()).toEqual([...examples].sort());
});

test.each(["own-rule", "certificate"])("examples/%s.ts", (name) => prints(root, name), 60_000);
