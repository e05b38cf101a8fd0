export { lowerForAnyBatch } from "./dynamic-batch.ts";
export { type Feeds, interpret, type Value } from "./interpreter.ts";
export { type Dialect, lower, ONNX_OPSET, type Port, type Program } from "./lower.ts";
export { allocate, type Engine, Executable, type Numbers, type Values } from "./session.ts";
