/** Whether a task can give the pairs that a rule wants. */
import { pairKinds, type Task } from "../tasks/index.ts";
import type { Model, StepGraph } from "./step.ts";

/** Throws when the rule wants pairs that the task cannot give: those that its option names, and those that its step asks for. */
export function refusePairs(task: Task, model: Model, step: StepGraph): void {
  const { pair, level } = model.rule.options as { readonly pair?: unknown; readonly level?: "layer" | number };
  const named = pairKinds.filter((kind) => kind === pair).map((kind) => ({ kind, level }));
  const asked = step.partners.flatMap(({ request }) => {
    if (request.kind === "part") return [];
    const { kind } = request;
    return [{ kind, level: kind === "resample" && typeof request.level === "number" ? request.level : undefined }];
  });
  for (const request of [...named, ...asked]) {
    const reason = task.refusal(request.kind, request.level);
    if (reason !== undefined) throw new Error(`rule.pair=${request.kind}: ${reason}`);
  }
}
