/**
 * The task of a specification: one of the catalogue by its id with its own options, or one of somebody's own.
 *
 * A task of one's own is a file while it is written (`./my-task.ts`, `./data.npz`), and `name@digest` in a complete specification, which then
 * says what its examples are (`shape`), so that whoever reads it later needs no file. Its options are checked where the file has been read
 * (`run/user-tasks.ts`).
 */
import { closest } from "fastest-levenshtein";
import { z } from "zod";
import {
  defaultTask,
  settledOptions,
  type ShippedTask,
  type ShippedTaskInput,
  shippedTask,
  taskCatalogue,
  type TaskShape,
} from "../../tasks/index.ts";
import type { AxisValue, ValueSchema } from "./keys.ts";

/** A task of one's own in a complete specification: options beside these keys. */
export interface OwnTaskSpec {
  readonly id: `${string}@${string}`;
  readonly shape: TaskShape;
  readonly [option: string]: unknown;
}

export type TaskSpec = ShippedTask | OwnTaskSpec;

/** What a person writes: a name or a file, or either with options. */
export type TaskSpecInput =
  string | Partial<ShippedTaskInput> | { readonly id: string; readonly [option: string]: AxisValue };

/** Files that are tasks: arrays, and programs. */
const taskFile = /\.(npz|safetensors|[cm]?[jt]s)$/;

/** Whether a task's name is a file: `./data.npz`, `/data/x.safetensors`, `./my-task.ts`. */
export function isTaskFile(id: string): boolean {
  return taskFile.test(id);
}

/** Whether a name is of a task that the catalogue does not have: a file, or what one has become. */
export function isOwnTask(id: unknown): id is string {
  return typeof id === "string" && (isTaskFile(id) || id.includes("@"));
}

/** The id of a task as it is written: a name, an object with an id, or left out. */
export function taskNameOf(task: unknown): string {
  if (typeof task === "string") return task;
  const id: unknown = typeof task === "object" && task !== null ? Reflect.get(task, "id") : undefined;
  return typeof id === "string" ? id : defaultTask.id;
}

/** What may stand for a task, in words. */
export const taskNames = `one of ${taskCatalogue.map(({ id }) => id).join(", ")}, or a file (./data.npz, ./data.safetensors, ./my-task.ts)`;

/** Whether a name is one of a task. */
function isTaskName(name: string): boolean {
  return isOwnTask(name) || shippedTask(name) !== undefined;
}

/** Throws where a name is of no task. */
export function refuseTaskName(where: string, name: unknown): void {
  if (typeof name === "string" && isTaskName(name)) return;
  const nearest =
    typeof name === "string"
      ? closest(
          name,
          taskCatalogue.map(({ id }) => id),
        )
      : undefined;
  throw new Error(
    `${where}: expected ${taskNames}, got ${JSON.stringify(name)}${nearest === undefined ? "" : `; did you mean ${nearest}?`}`,
  );
}

export const TaskSpecSchema = z.preprocess(
  (task) => ({ ...(typeof task === "object" && task !== null ? task : {}), id: taskNameOf(task) }),
  z.looseObject({ id: z.string() }).transform(({ id, ...options }, context): TaskSpec => {
    const definition = shippedTask(id);
    if (definition === undefined && isOwnTask(id)) return { ...options, id } as OwnTaskSpec;
    if (definition === undefined) {
      context.issues.push({ code: "custom", path: ["id"], input: id, message: `expected ${taskNames}, got "${id}"` });
      return z.NEVER;
    }
    try {
      return { id: definition.id, ...(settledOptions("task", definition.options, options) as object) } as ShippedTask;
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      const [, option = "", message = said] = /^task(?:\.([\w.]+))?: (.*)$/s.exec(said) ?? [];
      context.issues.push({ code: "custom", input: options, path: option === "" ? [] : option.split("."), message });
      return z.NEVER;
    }
  }),
);

/** The options of every shipped task as JSON Schema, by its id. */
export function taskOptionSchemas(): ReadonlyMap<string, ValueSchema> {
  return new Map(taskCatalogue.map(({ id, options }) => [id, z.toJSONSchema(options, { io: "input" }) as ValueSchema]));
}

/** `task` as a value of keys: the keys of all shipped tasks, each with what it is for. */
export function taskGroup(): ValueSchema {
  const properties: Record<string, ValueSchema> = {
    id: { type: "string", description: `${taskNames}; task=... is short for it`, default: defaultTask.id },
  };
  for (const [id, { properties: own = {} }] of taskOptionSchemas()) {
    for (const [name, schema] of Object.entries(own)) {
      const before = properties[name];
      // Of a name that two tasks have, both say what it means.
      const description =
        before === undefined ? schema.description : `${before.description ?? ""}; ${id}: ${schema.description ?? ""}`;
      properties[name] = { ...schema, ...before, ...(description === undefined ? {} : { description }) };
    }
  }
  return { type: "object", properties };
}

/** `task` in the published schema: a name, or one of the shipped tasks with its options, or one of one's own. */
export function publishedTaskSchema(): Record<string, unknown> {
  const shipped = [...taskOptionSchemas()].map(([id, schema], i) => {
    const { $schema: _schema, ...own } = schema as Record<string, unknown>;
    const properties = { id: { const: id }, ...(schema.properties ?? {}) };
    // The first is the task where no id is given.
    return { ...own, title: id, properties, ...(i === 0 ? {} : { required: ["id"] }) };
  });
  const own = {
    type: "object",
    title: "own",
    properties: { id: { type: "string", pattern: `${taskFile.source}|@` } },
    required: ["id"],
  };
  return { description: "where examples come from", anyOf: [{ type: "string" }, ...shipped, own] };
}
