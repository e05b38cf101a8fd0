/** Some of the rules that look at their process, or change it, fail in the sandbox in which rule files are run (all: environment.slow.test.ts). */
import { expect, test } from "vitest";
import { environment } from "./environment.ts";
import { failInTheSandbox } from "./sandboxed.contract.ts";

/** One for each way to fail. */
const chosen = ["who calls", "time of day", "a note left behind", "products patched", "a tensor that writes itself"];

failInTheSandbox(environment.filter(({ name }) => chosen.includes(name)));

test("each exports a rule of its own", () => {
  for (const { name, source } of environment) {
    expect(source).toContain("export const rule = rules.plasticity({");
    expect(source).toContain(`id: "${name.replaceAll(" ", "-")}"`);
  }
});
