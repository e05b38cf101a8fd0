/** A worker thread: trains the groups it is sent, one at a time (`protocol.ts`). */
import { parentPort } from "node:worker_threads";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import type { RuleDocument } from "../../rules/index.ts";
import type { Progress } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { digestOf } from "./digest.ts";
import { PlannedModel } from "./planned-model.ts";
import type { Reply, Request } from "./protocol.ts";
import { shapeOf } from "./shape.ts";
import { trainRuns } from "./train-runs.ts";
import { adoptTaskFile, taskDefinitionOf } from "./user-tasks.ts";

let abort = new AbortController();

/** The model of the group before: the groups of one shape follow each other. Others are let go, as a study may have many. */
let latest: PlannedModel | undefined;

const reply = (message: Reply): void => parentPort?.postMessage(message);

/** Built of the document that was certified: no rule is run here. */
function plannedFor(spec: RunSpec, document: RuleDocument, graph: string): PlannedModel {
  if (latest === undefined || shapeOf(latest.spec) !== shapeOf(spec)) latest = new PlannedModel(spec, document);
  if (latest.digest !== graph)
    throw new Error(`internal: expected the graph ${graph} that was certified, got ${latest.digest}`);
  return latest;
}

async function compute({ specs, threads, document, graph }: Extract<Request, { kind: "train" }>): Promise<void> {
  abort = new AbortController();
  const started = performance.now();
  try {
    const [spec] = specs;
    if (spec === undefined) throw new Error("internal: a group without runs");
    const engine = nodeEngine({ device: spec.engine.device, threads });
    for (const { task, taskFile } of specs) {
      if (taskFile === undefined) continue;
      await adoptTaskFile(taskFile);
      taskDefinitionOf(task, taskFile);
    }
    let compiled = "";
    const results = await trainRuns(plannedFor(spec, document, graph), specs, engine, {
      signal: abort.signal,
      onCompiled: (model) => (compiled = digestOf(model)),
      onProgress: (progress: Progress) => reply({ kind: "progress", progress }),
    });
    reply({
      kind: "done",
      results,
      seconds: (performance.now() - started) / 1000,
      engine: engine.description,
      compiled,
    });
  } catch (error) {
    if (abort.signal.aborted) reply({ kind: "aborted" });
    else reply({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on("message", (request: Request) => {
  if (request.kind === "abort") abort.abort();
  else void compute(request);
});
