/** Runs in this process: train, judge, inspect. */
export { openEngine } from "./engine.ts";
export { certify, compileStep, type CompiledStep, measureChannel, record } from "./inspect.ts";
export type { Knowledge, Setup } from "./setup.ts";
export { evaluate, examplesOf, type NamedValues, probe, start, train, type Trained, type Watching } from "./train.ts";
