/**
 * Execution of programs by ONNX Runtime, the same code on Node and in a browser: the environment supplies `Engine`.
 *
 * Outputs are allocated once. State is double-buffered: a step writes the next state into the buffers that held the one
 * before the current, and swaps, so that a step allocates nothing that grows.
 */
import type { InferenceSession, OnnxValue, Tensor as OrtTensor, TypedTensor } from "onnxruntime-common";
import { type DType, type Shape, sizeOf, type Tensor } from "../graph/index.ts";
import { type Dialect, lower, type Port, type Program } from "./lower.ts";

export type Numbers = Float32Array | Int32Array | Uint8Array;
export type Values = Readonly<Record<string, Numbers>>;

/** An ONNX Runtime of some environment, with its device and number of threads. */
export interface Engine {
  /** E.g. `onnxruntime-node 1.30.0 cpu`, stored with every result. */
  readonly description: string;
  readonly dialect: Dialect;
  /** Whether a run writes into the outputs it is given. Where it does not, results are copied into them. */
  readonly writesOutputs?: boolean;
  open(model: Uint8Array): Promise<InferenceSession>;
  tensor(dtype: DType, data: Numbers, shape: Shape): OrtTensor;
}

/** Zeros of a port's type and size. */
export function allocate(port: Port): Numbers {
  const size = sizeOf(port.shape);
  switch (port.dtype) {
    case "float32":
      return new Float32Array(size);
    case "int32":
      return new Int32Array(size);
    case "bool":
      return new Uint8Array(size);
    default:
      return port.dtype satisfies never;
  }
}

/** A compiled graph. Outputs named `next.X` are the state X after the run; all others are results. */
export class Executable {
  private readonly buffers = new Map<string, { current: OrtTensor; spare: OrtTensor }>();
  private readonly results: Readonly<Record<string, OrtTensor>>;

  private constructor(
    readonly program: Program,
    private readonly session: InferenceSession,
    private readonly engine: Engine,
  ) {
    const results: Record<string, OrtTensor> = {};
    for (const port of program.outputs) {
      if (!port.name.startsWith("next.")) results[port.name] = this.wrap(port, allocate(port));
    }
    for (const port of this.statePorts()) {
      this.buffers.set(port.name, { current: this.wrap(port, allocate(port)), spare: this.wrap(port, allocate(port)) });
    }
    this.results = results;
  }

  /** Compiles the graph that computes `outputs`. Throws when a state output does not match its input. */
  static async compile(outputs: Readonly<Record<string, Tensor>>, engine: Engine): Promise<Executable> {
    const program = lower(outputs, engine.dialect);
    return new Executable(program, await engine.open(program.model), engine);
  }

  /** Names and shapes of the state. */
  statePorts(): Port[] {
    return this.program.outputs
      .filter((port) => port.name.startsWith("next."))
      .map((port) => ({ ...port, name: port.name.slice("next.".length) }));
  }

  /** Sets state by name; names that are not state of this graph are refused. */
  load(state: Values): void {
    for (const [name, data] of Object.entries(state)) {
      const buffer = this.buffers.get(name);
      if (buffer === undefined) {
        throw new Error(`load: expected one of the states ${[...this.buffers.keys()].join(", ")}, got "${name}"`);
      }
      const target = numbersOf(buffer.current);
      if (target.length !== data.length)
        throw new Error(`load: expected ${target.length} values for "${name}", got ${data.length}`);
      target.set(data);
    }
  }

  /** The current value of a state: a view that the step after next overwrites. Copy what you keep. */
  state(name: string): Numbers {
    const buffer = this.buffers.get(name);
    if (buffer === undefined)
      throw new Error(`state: expected one of ${[...this.buffers.keys()].join(", ")}, got "${name}"`);
    return numbersOf(buffer.current);
  }

  /** A state as it was before the last run, likewise a view. */
  stateBefore(name: string): Numbers {
    const buffer = this.buffers.get(name);
    if (buffer === undefined)
      throw new Error(`stateBefore: expected one of ${[...this.buffers.keys()].join(", ")}, got "${name}"`);
    return numbersOf(buffer.spare);
  }

  /**
   * Runs once. `feeds` holds every input that is not state. The returned arrays are overwritten by the next run.
   *
   * Throws when an input is missing or has the wrong number of values.
   */
  async run(feeds: Values): Promise<Values> {
    const inputs: Record<string, OnnxValue> = {};
    for (const port of this.program.inputs) {
      const data = feeds[port.name];
      inputs[port.name] = data === undefined ? this.stateInput(port) : this.feed(port, data);
    }
    const fetches: Record<string, OnnxValue> = { ...this.results };
    for (const [name, buffer] of this.buffers) fetches[`next.${name}`] = buffer.spare;
    const returned = await this.session.run(inputs, fetches);
    const settle = this.engine.writesOutputs === true ? () => undefined : copyInto;
    for (const [name, buffer] of this.buffers) {
      settle(returned[`next.${name}`], buffer.spare);
      this.buffers.set(name, { current: buffer.spare, spare: buffer.current });
    }
    return Object.fromEntries(
      Object.entries(this.results).map(([name, tensor]) => {
        settle(returned[name], tensor);
        return [name, numbersOf(tensor)];
      }),
    );
  }

  /** Frees the session. The executable cannot be used afterwards. */
  async dispose(): Promise<void> {
    await this.session.release();
    this.buffers.clear();
  }

  private wrap(port: Port, data: Numbers): OrtTensor {
    return this.engine.tensor(port.dtype, data, port.shape);
  }

  private feed(port: Port, data: Numbers): OrtTensor {
    const expected = sizeOf(port.shape);
    if (data.length !== expected) {
      throw new Error(
        `run: expected ${expected} values for "${port.name}" [${port.shape.join(", ")}], got ${data.length}`,
      );
    }
    return this.wrap(port, data);
  }

  private stateInput(port: Port): OrtTensor {
    const buffer = this.buffers.get(port.name);
    if (buffer === undefined) {
      throw new Error(`run: expected a value for the input "${port.name}" [${port.shape.join(", ")}], got none`);
    }
    return buffer.current;
  }
}

/** The values of a tensor that lives in memory; bool is stored as bytes. */
function numbersOf(tensor: OrtTensor): Numbers {
  return (tensor as TypedTensor<"float32"> | TypedTensor<"int32"> | TypedTensor<"bool">).data;
}

/** Copies a result that the runtime returned in a buffer of its own (not all devices write into ours). */
function copyInto(returned: OnnxValue | undefined, target: OrtTensor): void {
  if (returned === undefined) return;
  const data = numbersOf(returned);
  const own = numbersOf(target);
  if (data.buffer !== own.buffer) own.set(data);
}
