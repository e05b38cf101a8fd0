/** What computes where a program does not say. */
import type { Engine } from "../runtime/index.ts";
import type { NodeEngineOptions } from "../runtime/node-engine.node.ts";
import type { Setup } from "./setup.ts";

/** ONNX Runtime of this Node process, on a device and with a number of threads: the processor and one thread when left out. */
export async function openEngine(options: NodeEngineOptions = {}): Promise<Engine> {
  const { nodeEngine } = await import("../runtime/node-engine.node.ts");
  return nodeEngine(options);
}

/** The engine of a setup. */
export async function engineOf({ engine }: Pick<Setup, "engine">): Promise<Engine> {
  return engine ?? openEngine();
}
