/** A worker thread: trains the groups it is sent, one at a time (`protocol.ts`). */
import { parentPort } from "node:worker_threads";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import type { RuleDocument } from "../../rules/index.ts";
import type { GroupState, Progress } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { readCheckpoints, writeCheckpoints } from "./checkpoints.ts";
import { digestOf } from "./digest.ts";
import { encodeWeights } from "./kept-weights.ts";
import { PlannedModel } from "./planned-model.ts";
import type { Reply, Request } from "./protocol.ts";
import { shapeOf } from "./shape.ts";
import { trainRuns } from "./train-runs.ts";
import { adoptTaskFile, taskDefinitionOf } from "./user-tasks.ts";

let abort = new AbortController();

/** The model of the group before: the groups of one shape follow each other. Others are let go, as a study may have many. */
let latest: PlannedModel | undefined;

const reply = (message: Reply, transferred: readonly ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transferred);

/** Built of the document that was certified: no rule is run here. */
function plannedFor(spec: RunSpec, document: RuleDocument, graph: string): PlannedModel {
  if (latest === undefined || shapeOf(latest.spec) !== shapeOf(spec)) latest = new PlannedModel(spec, document);
  if (latest.digest !== graph)
    throw new Error(`internal: expected the graph ${graph} that was certified, got ${latest.digest}`);
  return latest;
}

/** Seconds of training from which an interrupted run is worth a checkpoint, where they are not taken more often. */
const worthFrom = 10;

async function compute(request: Extract<Request, { kind: "train" }>): Promise<void> {
  abort = new AbortController();
  const started = performance.now();
  try {
    const { specs, runs, threads, document, graph, store, checkpointEvery } = request;
    const [spec] = specs;
    if (spec === undefined) throw new Error("internal: a group without runs");
    const engine = nodeEngine({ device: spec.engine.device, threads });
    for (const { task, taskFile } of specs) {
      if (taskFile === undefined) continue;
      await adoptTaskFile(taskFile);
      taskDefinitionOf(task, taskFile);
    }
    const planned = plannedFor(spec, document, graph);
    const origin = { graph, engine: engine.description };
    const from = await readCheckpoints(store, runs, origin);
    const save = (state: GroupState): Promise<void> => writeCheckpoints(store, runs, origin, state);
    let compiled = "";
    const trained = await trainRuns(planned, specs, engine, {
      signal: abort.signal,
      onCompiled: (model) => (compiled = digestOf(model)),
      onProgress: (progress: Progress) => reply({ kind: "progress", progress }),
      ...(checkpointEvery > 0
        ? { checkpoints: { every: checkpointEvery, worthFrom: Math.min(worthFrom, checkpointEvery), save } }
        : {}),
      ...(from === undefined ? {} : { from }),
    });
    const weights = trained.map(({ outcome, values }, i) =>
      request.weights && outcome !== "diverged" ? encodeWeights(planned, runs[i] ?? "", values) : undefined,
    );
    reply(
      {
        kind: "done",
        results: trained.map(({ values: _values, ...result }) => result),
        weights,
        seconds: (from?.seconds ?? 0) + (performance.now() - started) / 1000,
        engine: engine.description,
        compiled,
      },
      weights.flatMap((bytes) => bytes?.buffer ?? []),
    );
  } catch (error) {
    if (abort.signal.aborted) reply({ kind: "aborted" });
    else reply({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}

parentPort?.on("message", (request: Request) => {
  if (request.kind === "abort") abort.abort();
  else void compute(request);
});
