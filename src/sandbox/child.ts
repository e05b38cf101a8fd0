/**
 * The process of a rule file: reads a task, runs it in a context that has nothing but the language, writes the answer.
 *
 * Bundled and given to Node as text (`ask.ts`), so that it needs no file.
 */
import { readFileSync, writeSync } from "node:fs";
import { createContext, Script } from "node:vm";
import { freezeIntrinsics } from "./lockdown.ts";
import { ruleScript } from "./rule-script.ts";
import type { Task } from "./messages.ts";

const { inside, rule, request } = JSON.parse(readFileSync(0, "utf8")) as Task;
// Should an object of this process ever be reached from the context, nothing can be made of it.
freezeIntrinsics();

// An object without a prototype: what the context does not have, it must not find in this process.
const context = createContext(Object.create(null) as object, { codeGeneration: { strings: false, wasm: false } });
let answer: unknown;
try {
  const respond = new Script(inside, { filename: "inside.js" }).runInContext(context) as (
    ...given: unknown[]
  ) => unknown;
  const load: unknown = new Script(rule, { filename: ruleScript }).runInContext(context);
  answer = respond(load, request);
} catch {
  // What was thrown is an object of the context: it is not looked at.
  answer = undefined;
}
const bytes = Buffer.from(typeof answer === "string" ? answer : "");
for (let written = 0; written < bytes.length;) written += writeSync(1, bytes, written);
// At once: nothing that the rule has left for later is run.
process.exit(0);
