/**
 * What runs in the context of a rule file: the interface that it imports, and the answers to what is asked of it.
 *
 * Strings come in and a string goes out; no object of the process does either.
 */
import * as zod from "zod";
import { type Rule, RuleError, settleOptions } from "../rules/index.ts";
import { writeDocument } from "../train/write-document.ts";
import type { OwnNetwork } from "../networks/index.ts";
import * as tasks from "../tasks/index.ts";
import type { OwnTask } from "../tasks/index.ts";
import * as afferent from "./interface.ts";
import { freezeExports, freezeIntrinsics, removeChance } from "./lockdown.ts";
import type { Answer, Description, Request } from "./messages.ts";
import { ruleScript } from "./rule-script.ts";

/** What a bundled rule file is given in the place of its imports (`bundle.ts`). */
export interface Provided {
  readonly afferent: object;
  readonly zod: object;
}

const provided: Provided = { afferent, zod };

removeChance((what) => {
  throw new RuleError(
    `${what}: a rule is a function of what it is given; ask for noise (layer.noise, workspace.noise)`,
  );
});
freezeIntrinsics();
const { z, ...own } = afferent;
freezeExports(own);
// Their classes are filled in as they are used.
for (const namespace of [z, zod, afferent, provided]) Object.freeze(namespace);

/** Runs a rule file and answers a request, as JSON. */
export function answer(load: (provided: Provided) => unknown, request: string): string {
  let answered: Answer;
  try {
    answered = { value: valueOf(load(provided), JSON.parse(request) as Request) };
    return JSON.stringify(answered);
  } catch (error) {
    return JSON.stringify({ error: described(error) } satisfies Answer);
  }
}

function valueOf(module: unknown, request: Request): unknown {
  switch (request.kind) {
    case "describe task":
    case "shape":
    case "draw":
      return ofTask(taskIn(module), request);
    case "network":
      return networkIn(module).describe(request.task);
    default:
      return ofRule(ruleIn(module), request);
  }
}

type Of<Kind extends Request["kind"]> = Extract<Request, { readonly kind: Kind }>;

function ofTask(task: OwnTask, request: Of<"describe task" | "shape" | "draw">): unknown {
  if (request.kind === "describe task") {
    const { id, title, summary, source, options } = task;
    // Of a card they depend on nothing.
    const sizes = task.sizes?.({}, {});
    return {
      ...{ id, title, summary, options: optionsAsJson(options) },
      ...(source === undefined ? {} : { source }),
      ...(sizes === undefined ? {} : { sizes }),
    };
  }
  const options: unknown = tasks.settledOptions(`task ${task.id}`, task.options, request.options);
  if (request.kind === "shape") return task.shape(options);
  const drawn = task.drawWith(options, request.sizes, request.seeds);
  return Object.fromEntries(
    (["train", "validation", "test"] as const).map((set) => {
      const { inputs, labels } = drawn[set];
      return [set, { inputs: Array.from(inputs), labels: Array.from(labels) }];
    }),
  );
}

function ofRule(rule: Rule, request: Of<"describe" | "settle" | "trace">): unknown {
  if (request.kind === "describe") return descriptionOf(rule);
  const options: unknown = settleOptions(rule.id, rule.options, request.options);
  if (request.kind === "settle") return options;
  return writeDocument({ rule, options }, request.request, request.request.origins === true ? placesIn : undefined);
}

/** Places in the bundled file, innermost first: `12:5 30:9`. */
function placesIn(stack: string): string | undefined {
  const places = positionsIn(stack).map(({ line, column }) => `${line}:${column}`);
  return places.length === 0 ? undefined : places.join(" ");
}

function positionsIn(stack: string): { readonly line: number; readonly column: number }[] {
  const places = stack.matchAll(new RegExp(`${ruleScript}:(\\d+):(\\d+)`, "g"));
  return Array.from(places, ([, line, column]) => ({ line: Number(line), column: Number(column) }));
}

function descriptionOf(rule: Rule): Description {
  const { id, aliases, family, equation, symbols, source, choices, constants, relation, reads } = rule;
  return {
    ...{ id, aliases: [...aliases], family, equation, source, relation, reads: [...reads] },
    ...(symbols === undefined ? {} : { symbols }),
    ...(choices === undefined ? {} : { choices }),
    ...(constants === undefined ? {} : { constants }),
    options: optionsAsJson(rule.options),
  };
}

function optionsAsJson(options: Rule["options"]): Description["options"] {
  return zod.toJSONSchema(options, { io: "input", unrepresentable: "any" }) as Description["options"];
}

/** The one thing of its kind among a module's exports, a default export included. */
function onlyIn<T>(module: unknown, is: (value: unknown) => value is T, expected: string): T {
  const values = typeof module === "object" && module !== null ? Object.values(module) : [module];
  const found = [...new Set(values.filter(is))];
  const [only] = found;
  if (only === undefined || found.length > 1) throw new RuleError(`expected ${expected}, got ${found.length}`);
  return only;
}

function taskIn(module: unknown): OwnTask {
  const isTask = (value: unknown): value is OwnTask => typeof value === "function" && "drawWith" in value;
  return onlyIn(module, isTask, "one exported task (defineTask)");
}

function networkIn(module: unknown): OwnNetwork {
  const isNetwork = (value: unknown): value is OwnNetwork =>
    typeof value === "object" && value !== null && "kind" in value && value.kind === "network" && "describe" in value;
  return onlyIn(module, isNetwork, "one exported network (defineNetwork)");
}

function ruleIn(module: unknown): Rule {
  return onlyIn(module, isRule, "one exported rule (credit, localObjective, plasticity or defineRule)");
}

function isRule(value: unknown): value is Rule {
  return typeof value === "function" && "trace" in value && "id" in value && typeof value.id === "string";
}

/** An error in words. It may be anything that a rule throws. */
function described(error: unknown): Extract<Answer, { error: unknown }>["error"] {
  try {
    if (!(error instanceof Error)) return { name: "Error", message: String(error), at: [] };
    const { name, message, stack }: { name: unknown; message: unknown; stack?: unknown } = error;
    return { name: String(name), message: String(message), at: positionsIn(String(stack)) };
  } catch {
    return { name: "Error", message: "threw what cannot be shown", at: [] };
  }
}
