/** What the executor and its workers say to each other: plain data, structured-cloned. */
import type { RuleDocument } from "../../rules/index.ts";
import type { Progress, ReplicaResult } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";

/** To a worker. */
export type Request =
  | {
      readonly kind: "train";
      readonly specs: readonly RunSpec[];
      readonly threads: number;
      /** What the rule of these runs has made of their network, and the name of the step's graph that was certified. */
      readonly document: RuleDocument;
      readonly graph: string;
    }
  /** Stop the group in flight at its next report. */
  | { readonly kind: "abort" };

/** One run's result without its weights. */
export type RunResult = Omit<ReplicaResult, "values">;

/** From a worker. `failed` and `aborted` end the group as `done` does. */
export type Reply =
  | { readonly kind: "progress"; readonly progress: Progress }
  | {
      readonly kind: "done";
      readonly results: readonly RunResult[];
      readonly seconds: number;
      readonly engine: string;
      /** Name of the model that was compiled. */
      readonly compiled: string;
    }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "aborted" };
