/**
 * A task from a file of somebody's own: run in a process of its own (`ask.ts`) whenever something is asked of it: what its card says, what its
 * examples are, and the examples themselves.
 */
import { RuleError } from "../rules/index.ts";
import {
  checkedSplit,
  checkShape,
  plainTask,
  seedFrom,
  type TaskDefinition,
  type TaskShape,
  withSizes,
} from "../tasks/index.ts";
import { ask, type Limits, usualLimits } from "./ask.ts";
import { bundleFile, type RuleBundle, surroundingPrograms } from "./bundle.ts";
import { optionsOf } from "./described-rule.ts";
import { drawnSchema, type Request, type TaskDescription, taskDescriptionSchema } from "./messages.ts";

export interface TaskFromFile {
  readonly definition: TaskDefinition;
  /** What the task says of itself. */
  readonly description: TaskDescription;
  /** Of the file and of everything that it imports. */
  readonly digest: string;
  readonly sources: RuleBundle["sources"];
}

/** The task of a file. Throws RuleError that begins with the file when it is missing, fails, or exports no task. */
export async function taskFromFile(path: string, limits: Limits = usualLimits): Promise<TaskFromFile> {
  const [bundle, programs] = await Promise.all([bundleFile(path, "task"), surroundingPrograms()]);
  const answerTo = (request: Request): unknown => ask(bundle, programs, request, limits);
  const described = taskDescriptionSchema.safeParse(answerTo({ kind: "describe task" }));
  if (!described.success) {
    const [issue] = described.error.issues;
    throw new RuleError(`${path}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "no card"}`);
  }
  const description = described.data;
  const shapes = new Map<string, TaskShape>();
  const shape = (options: unknown): TaskShape => {
    const key = JSON.stringify(options);
    const known = shapes.get(key) ?? checkShape(path, answerTo({ kind: "shape", options }));
    shapes.set(key, known);
    return known;
  };
  return {
    definition: describedTask(path, description, shape, answerTo),
    description,
    digest: bundle.digest,
    sources: bundle.sources,
  };
}

/** The task of a description: `shape` and `answerTo` give what only the file knows. */
export function describedTask(
  path: string,
  { id, title, summary, source, options, sizes }: TaskDescription,
  shape: (options: unknown) => TaskShape,
  answerTo: (request: Request) => unknown,
): TaskDefinition {
  return {
    ...{ id, title, summary, source, shape },
    options: optionsOf(path, options, "task"),
    make: (settled, random) => {
      const own = shape(settled);
      const task = seedFrom(random);
      return plainTask(id, own, (wanted, from) => {
        const seeds = { task, data: seedFrom(from) };
        const drawn = drawnSchema.safeParse(answerTo({ kind: "draw", options: settled, sizes: wanted, seeds }));
        if (!drawn.success) throw new RuleError(`${path}: expected three sets of examples, got something else`);
        return checkedSplit(path, own, drawn.data, wanted);
      });
    },
    ...(sizes === undefined ? {} : { sizes: (_, given) => withSizes(sizes, given) }),
  };
}
