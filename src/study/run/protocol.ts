/** What the executor and its workers say to each other: plain data, structured-cloned. */
import type { RuleDocument } from "../../rules/index.ts";
import type { Progress, ReplicaResult } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";

/** To a worker. */
export type Request =
  | {
      readonly kind: "train";
      readonly specs: readonly RunSpec[];
      /** Their names, in the same order. */
      readonly runs: readonly string[];
      readonly threads: number;
      /** Folder of the store. */
      readonly store: string;
      /** Whether the trained values are wanted. */
      readonly weights: boolean;
      /** Seconds between checkpoints of a long run; 0 for none. */
      readonly checkpointEvery: number;
      /** What the rule of these runs has made of their network, and the name of the step's graph that was certified. */
      readonly document: RuleDocument;
      readonly graph: string;
    }
  /** Stop the group in flight at its next report. */
  | { readonly kind: "abort" };

/** One run's result without its values. */
export type RunResult = Omit<ReplicaResult, "values">;

/** From a worker. `failed` and `aborted` end the group as `done` does. */
export type Reply =
  | { readonly kind: "progress"; readonly progress: Progress }
  | {
      readonly kind: "done";
      readonly results: readonly RunResult[];
      /** Of each run the trained values as a safetensors file; undefined where there are none or they are not wanted. */
      readonly weights: readonly (Uint8Array | undefined)[];
      /** Of training, those before an interruption among them. */
      readonly seconds: number;
      readonly engine: string;
      /** Name of the model that was compiled. */
      readonly compiled: string;
    }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "aborted" };
