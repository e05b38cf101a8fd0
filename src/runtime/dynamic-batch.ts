/**
 * Models for batches of any size.
 *
 * A graph has the size of its batch in its shapes. The same graph is lowered for batches of two sizes, and where the two differ the size of
 * the batch stands: in the shapes of inputs and outputs, which get a name there, and in the shapes that values are brought to.
 */
import type { Tensor } from "../graph/index.ts";
import { encodeGraph, lowerGraph } from "./lower.ts";
import { type OnnxGraph, type OnnxNode, type OnnxPort, type OnnxTensor, onnxType } from "./onnx-schema.ts";

/** What an ONNX operator takes for the size that is found from the value itself: the one that is left, or that of its operand. */
const leftToRuntime: Readonly<Record<string, bigint>> = { Reshape: -1n, Expand: 1n };

/**
 * The model that computes what both graphs do, of standard operators only; `values` are written into it. The first axis of every input is the batch.
 * Throws Error where the two differ in more than the size of a batch.
 */
export function lowerForAnyBatch(
  one: Readonly<Record<string, Tensor>>,
  other: Readonly<Record<string, Tensor>>,
  values: Readonly<Record<string, Float32Array>>,
): Uint8Array {
  const [a, b] = [one, other].map(
    (outputs) => lowerGraph(outputs, "portable", { values, sharesConstants: false }).graph,
  );
  if (a === undefined || b === undefined) throw new Error("internal: a graph without a lowering");
  if (a.nodes.length !== b.nodes.length || a.initializers.length !== b.initializers.length)
    throw new DifferentGraphs("operators");
  a.nodes.forEach((node, i) => refuseDifferent(node, b.nodes[i]));
  const graph: OnnxGraph = {
    name: "inference",
    nodes: a.nodes,
    initializers: a.initializers.map((constant, i) => merged(constant, b.initializers[i], a.nodes)),
    inputs: a.inputs.map((port, i) => named(port, b.inputs[i])),
    outputs: a.outputs.map((port, i) => named(port, b.outputs[i])),
  };
  return encodeGraph(graph, "portable");
}

class DifferentGraphs extends Error {
  constructor(what: string) {
    super(
      `expected a network that is the same for batches of every size, got other ${what}; it cannot be written as one model`,
    );
  }
}

function refuseDifferent(node: OnnxNode, other: OnnxNode | undefined): void {
  if (JSON.stringify(node) !== JSON.stringify(other)) throw new DifferentGraphs(`operators at ${node.name}`);
}

/** A constant of both; where it is a shape with the size of the batch, that is left to the runtime. */
function merged(constant: OnnxTensor, other: OnnxTensor | undefined, nodes: readonly OnnxNode[]): OnnxTensor {
  if (other === undefined || constant.dims.join() !== other.dims.join() || constant.dataType !== other.dataType)
    throw new DifferentGraphs("constants");
  if (sameBytes(constant.rawData, other.rawData)) return constant;
  const [one, two] = [constant, other].map(integersOf);
  const differing = one?.flatMap((size, i) => (size === two?.[i] ? [] : [i])) ?? [];
  const uses = nodes.filter(({ input }) => input.includes(constant.name));
  const stands = uses.map(({ opType, input }) => (input[1] === constant.name ? leftToRuntime[opType] : undefined));
  const [left] = stands;
  if (one === undefined || left === undefined || stands.some((value) => value !== left) || differing.length > 1)
    throw new DifferentGraphs("constants");
  const sizes = one.map((size, i) => (differing.includes(i) ? left : size));
  return { ...constant, rawData: new Uint8Array(BigInt64Array.from(sizes).buffer) };
}

function integersOf({ dataType, rawData }: OnnxTensor): bigint[] | undefined {
  return dataType === onnxType.int64 ? [...new BigInt64Array(rawData.slice().buffer)] : undefined;
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

/** A port whose differing sizes are called by a name. */
function named(port: OnnxPort, other: OnnxPort | undefined): OnnxPort {
  return { ...port, dims: port.dims.map((size, axis) => (size === other?.dims[axis] ? size : "batch")) };
}
