/**
 * From the task of a specification to a kind of task: of the catalogue, or from a file of one's own: arrays (`task=./data.npz`,
 * `task=./data.safetensors`) or a program (`task=./my-task.ts`).
 *
 * A file is read before runs are planned (`own-files.ts`), and again by each worker. A run names the task as `name@digest`, with what its
 * examples are, so that a file that has changed is another task and stored results stay what they were. What is kept of it with results
 * (`KeptTask`) is enough to read them: the file itself is needed for new ones alone.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { FormatError, namesInNpz, namesInSafetensors, readNpz, readSafetensors } from "../../formats/index.ts";
import type { TaskDescription } from "../../sandbox/messages.ts";
import {
  arrayNames,
  arraysDefinition,
  type ArraysCard,
  cardOfArrays,
  settledOptions,
  shippedTask,
  type TaskArray,
  type TaskDefinition,
  type TaskShape,
} from "../../tasks/index.ts";
import { canonicalJson } from "../spec/identity.ts";
import { isOwnTask, isTaskFile, type OwnTaskSpec, taskNameOf, type TaskSpec } from "../spec/task-spec.ts";

/** What is kept of a task file with the results that it gave. */
export interface KeptTask {
  /** As the person wrote it. */
  readonly given: string;
  /** Where it was: absolute. */
  readonly path: string;
  /** `name@digest`. */
  readonly id: string;
  /** SHA-256 of the file; of a program, of everything that it imports too. */
  readonly digest: string;
  /** Of arrays: what they are. */
  readonly arrays?: ArraysCard;
  /** Of a program: its card, its source with what it imported of the person's own, and what its examples are, by its options. */
  readonly program?: {
    readonly description: TaskDescription;
    readonly sources: readonly { readonly path: string; readonly text: string }[];
    readonly shapes: Readonly<Record<string, TaskShape>>;
  };
}

interface AdoptedTask {
  readonly definition: TaskDefinition;
  readonly kept: KeptTask;
}

const adopted = new Map<string, AdoptedTask>();
/** The task that a path means now, by its id. */
const current = new Map<string, string>();
/** What is said of the examples of programs, by task and options. */
const shapes = new Map<string, Map<string, TaskShape>>();

/** Reads a task from a file. Throws Error with the file's name when it is missing, or holds no task. */
export async function adoptTaskFile(given: string): Promise<void> {
  const { definition, kept } = /\.(npz|safetensors)$/.test(given) ? await fromArrays(given) : await fromProgram(given);
  current.set(given, kept.id);
  current.set(kept.path, kept.id);
  adopted.set(kept.id, { definition, kept });
}

async function fromArrays(given: string): Promise<AdoptedTask> {
  const path = resolve(given);
  const bytes = await readFile(path).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    const found = code === "ENOENT" ? "found no such file" : `got ${code}`;
    throw new Error(`task: expected arrays in ${given}, ${found}; paths are relative to ${process.cwd()}`, { cause });
  });
  const digest = createHash("sha256").update(bytes).digest("hex");
  const id = idOf(basename(path, extname(path)), digest);
  const before = adopted.get(id);
  if (before?.kept.path === path && loaded.has(id)) return before;
  const [names, arrays] = arraysIn(given, bytes);
  const card = cardOfArrays(given, arrays, names);
  loaded.set(id, arrays);
  return { definition: overArrays(id, given, card), kept: { given, path, id, digest, arrays: card } };
}

/** The arrays of files that were read in this process. */
const loaded = new Map<string, Readonly<Record<string, TaskArray>>>();

function overArrays(id: string, given: string, card: ArraysCard): TaskDefinition {
  return arraysDefinition(id, card, () => {
    const arrays = loaded.get(id);
    if (arrays === undefined) throw needsFile(id, given);
    return arrays;
  });
}

function arraysIn(given: string, bytes: Uint8Array): readonly [readonly string[], Readonly<Record<string, TaskArray>>] {
  try {
    return given.endsWith(".npz")
      ? [namesInNpz(bytes), readNpz(bytes, arrayNames)]
      : [namesInSafetensors(bytes), readSafetensors(bytes, arrayNames)];
  } catch (cause) {
    if (cause instanceof FormatError) throw new Error(`${given}: ${cause.message}`, { cause });
    throw cause;
  }
}

async function fromProgram(given: string): Promise<AdoptedTask> {
  // Loaded where there is such a file: most runs have none.
  const { taskFromFile } = await import("../../sandbox/task-from-file.ts");
  const { definition, description, digest, sources } = await taskFromFile(given);
  const id = idOf(definition.id, digest);
  return overProgram(
    { given, path: resolve(given), id, digest, program: { description, sources, shapes: {} } },
    { ...definition, id },
  );
}

/** A program's task that remembers what it has said of its examples, for those who read results without the file. */
function overProgram(kept: KeptTask, definition: TaskDefinition): AdoptedTask {
  const own = shapes.get(kept.id) ?? new Map<string, TaskShape>();
  shapes.set(kept.id, own);
  const shape = (options: unknown): TaskShape => {
    const key = canonicalJson(options);
    const known = own.get(key) ?? definition.shape(options);
    own.set(key, known);
    return known;
  };
  return { kept, definition: { ...definition, shape } };
}

/** Letters and digits of a name, and the beginning of a digest. */
function idOf(name: string, digest: string): string {
  return `${name.replace(/[^\w.-]/g, "-")}@${digest.slice(0, 16)}`;
}

function needsFile(id: string, given: string): Error {
  return new Error(
    `task ${id}: expected its file to draw examples, got what is stored of it; name the file: task=${given}`,
  );
}

/** Knows a task again of which results are stored, without its file. It can be read about and compared, and no examples drawn. */
export async function adoptKeptTask(kept: KeptTask): Promise<void> {
  const { given, path, id, arrays, program } = kept;
  current.set(given, id);
  current.set(path, id);
  if (adopted.has(id)) return;
  if (arrays !== undefined) adopted.set(id, { kept, definition: overArrays(id, given, arrays) });
  if (program === undefined) return;
  const { describedTask } = await import("../../sandbox/task-from-file.ts");
  shapes.set(id, new Map(Object.entries(program.shapes)));
  const refuse = (): never => {
    throw needsFile(id, given);
  };
  adopted.set(id, overProgram(kept, describedTask(given, { ...program.description, id }, refuse, refuse)));
}

/** What is to be kept of a task with its results; undefined for one of the catalogue. */
export function keptTaskOf({ id }: Pick<TaskSpec, "id">): KeptTask | undefined {
  const kept = adopted.get(id)?.kept;
  if (kept?.program === undefined) return kept;
  return { ...kept, program: { ...kept.program, shapes: Object.fromEntries(shapes.get(id) ?? []) } };
}

/** The kind of task of a specification, as it is written or complete; undefined for one that is not known here. */
export function knownTask(task: unknown): TaskDefinition | undefined {
  const id = taskNameOf(task);
  return adopted.get(current.get(id) ?? id)?.definition ?? shippedTask(id);
}

/** The same. Throws Error for a task whose file has changed since the run was planned, or was not read. */
export function taskDefinitionOf(task: Pick<TaskSpec, "id">, taskFile?: string): TaskDefinition {
  const found = knownTask(task);
  if (found !== undefined) return found;
  if (isTaskFile(task.id)) throw new Error(`internal: the task file ${task.id} was not read before planning`);
  throw new Error(
    taskFile === undefined
      ? `task: expected the file of ${task.id}, got its name alone; name the file: task=./data.npz`
      : `task: expected ${task.id} in ${taskFile}, got a file changed since the run was planned; run the study again`,
  );
}

/** The options of a task of a specification: what is neither its id nor what its examples are. */
export function taskOptionsOf({
  id: _id,
  shape: _shape,
  ...options
}: {
  readonly id: string;
  readonly shape?: unknown;
}): Readonly<Record<string, unknown>> {
  return options;
}

/** What the examples of a task are, from a complete specification alone. */
export function taskShapeOf(task: TaskSpec): TaskShape {
  if ("shape" in task && typeof task.shape === "object") return task.shape;
  return taskDefinitionOf(task).shape(taskOptionsOf(task));
}

/** A task with everything filled in, and the file of one of one's own. Throws Error that names the option. */
export function completeTask(task: TaskSpec): { readonly task: TaskSpec; readonly taskFile?: string } {
  if (!isOwnTask(task.id)) return { task };
  const definition = taskDefinitionOf(task);
  const options = settledOptions("task", definition.options, taskOptionsOf(task)) as Readonly<Record<string, unknown>>;
  const kept = adopted.get(definition.id)?.kept;
  const complete = { ...options, id: definition.id, shape: definition.shape(options) } as OwnTaskSpec;
  return { task: complete, ...(kept === undefined ? {} : { taskFile: kept.path }) };
}
