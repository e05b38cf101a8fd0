/** The examples as a user has them: type-checked and run in an empty folder, on the package as it is published. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { examples, modules, packedFolder, prints, root, run } from "./packed.contract.ts";

const folder = packedFolder();

test("every example type-checks against the package", async () => {
  const options = ["--module", "nodenext", "--target", "es2022", "--strict", "--noEmit", "--skipLibCheck"];
  const types = ["--types", "node", "--typeRoots", join(modules, "@types")];
  const files = examples.map((name) => join(folder(), "examples", `${name}.ts`));
  await run(process.execPath, [join(modules, "typescript/bin/tsc"), ...options, ...types, ...files], { cwd: folder() });
});

// In this order: one opens the store that another has made.
test.each(examples)("examples/%s.ts", (name) => prints(folder(), name));

test("a rule file is audited by the command", async () => {
  const page = await readFile(join(root, "docs/extending.md"), "utf8");
  const [, code = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
  await writeFile(join(folder(), "own.ts"), code);
  const command = join("node_modules", "afferent", "dist", "src", "cli", "main.js");
  const { stdout, stderr } = await run(process.execPath, [command, "audit", "rule=./own.ts"], { cwd: folder() });
  expect(stderr).toBe("");
  expect(stdout).toMatch(/my-random-error@[0-9a-f]{8}/);
});
