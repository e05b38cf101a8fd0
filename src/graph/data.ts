/**
 * A graph as plain data: what crosses a process, what is hashed, what is read by another program. It is JSON as it stands; numbers that JSON
 * has not (NaN, infinities, negative zero) are strings.
 *
 * Reading builds every node anew and lets nothing through that the primitives do not allow: attributes are checked one by one, shapes and
 * types are inferred again, and inputs are those of the reader, by name.
 */
import { z } from "zod";
import { originOf, withOrigin } from "./origin.ts";
import type { Attributes, Primitive } from "./primitive.ts";
import { sameShape } from "./shape.ts";
import { is, Tensor, topological } from "./tensor.ts";

/** A node: its primitive, its attributes, and its operands by their place in the list, all before it. */
export type NodeData = readonly [primitive: string, attributes: unknown, operands: readonly number[]];

/** Nodes, operands before those that use them, and which of them are the outputs. */
export interface GraphData {
  readonly nodes: readonly NodeData[];
  readonly outputs: readonly number[];
  /** Where nodes were written, where that was asked for: what a graph is does not depend on it. */
  readonly origins?: OriginData | undefined;
}

/** Places in sources, and which of them each node has; null for none. */
export interface OriginData {
  readonly places: readonly string[];
  readonly of: readonly (number | null)[];
}

/** A graph that is none: the message says which node and what was expected. */
export class GraphDataError extends Error {
  override name = "GraphDataError";
}

/** The graph behind some outputs, as data; with where its nodes were written if that is asked for. */
export function toData(
  outputs: readonly Tensor[],
  { origins = false }: { readonly origins?: boolean } = {},
): GraphData {
  const places = new Map<Tensor, number>();
  const placeOf = (node: Tensor): number => {
    const place = places.get(node);
    if (place === undefined) throw new Error("internal: an operand after the node that uses it");
    return place;
  };
  const order = topological(outputs);
  const nodes = order.map((node, i): NodeData => {
    places.set(node, i);
    return [node.primitive, attributesOf(node), node.inputs.map(placeOf)];
  });
  const graph = { nodes, outputs: outputs.map(placeOf) };
  return origins ? { ...graph, origins: originsOf(order) } : graph;
}

function originsOf(order: readonly Tensor[]): OriginData {
  const places = new Map<string, number>();
  const of = order.map((node) => {
    const place = originOf(node);
    if (place === undefined) return null;
    const known = places.get(place) ?? places.size;
    places.set(place, known);
    return known;
  });
  return { places: [...places.keys()], of };
}

function attributesOf(node: Tensor): unknown {
  if (!is(node, "constant")) return node.attributes;
  return { ...node.attributes, values: node.attributes.values.map(written) };
}

const written = (value: number): number | string =>
  Object.is(value, -0) ? "-0" : Number.isFinite(value) ? value : String(value);

/**
 * The outputs of a graph given as data, over the reader's own inputs: `inputOf` gives the one of a name.
 *
 * Throws GraphDataError for anything that is not such a graph, or has an input that `inputOf` does not know, or of another shape or type.
 */
export function fromData(data: unknown, inputOf: (name: string) => Tensor | undefined): Tensor[] {
  const { nodes, outputs, origins } = parsed(graphSchema, data, "graph");
  const built: Tensor[] = [];
  nodes.forEach(([primitive, given, operands], i) => {
    const where = `node ${i} (${primitive})`;
    const inputs = operands.map((place) => {
      const operand = built[place];
      if (operand === undefined) throw new GraphDataError(`${where}: expected operands before it, got ${place}`);
      return operand;
    });
    const place = origins?.places[origins.of[i] ?? -1];
    built.push(withOrigin(nodeOf(where, primitive, given, inputs, inputOf), place));
  });
  return outputs.map((place) => {
    const output = built[place];
    if (output === undefined) throw new GraphDataError(`expected outputs among the nodes, got ${place}`);
    return output;
  });
}

function nodeOf(
  where: string,
  primitive: Primitive,
  given: unknown,
  inputs: readonly Tensor[],
  inputOf: (name: string) => Tensor | undefined,
): Tensor {
  const attributes = parsed(attributeSchemas[primitive] as z.ZodType<Attributes[Primitive]>, given, where);
  const wanted = operandCounts[primitive];
  if (wanted === undefined ? inputs.length === 0 : inputs.length !== wanted)
    throw new GraphDataError(`${where}: expected ${wanted ?? "some"} operands, got ${inputs.length}`);
  let made: Tensor;
  try {
    made = Tensor.of(primitive, attributes, ...inputs);
  } catch (error) {
    throw new GraphDataError(`${where}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  if (!is(made, "input")) return made;
  const { name, shape, dtype } = made.attributes;
  const own = inputOf(name);
  if (own === undefined) throw new GraphDataError(`${where}: expected a registered input, got "${name}"`);
  if (!sameShape(own.shape, shape) || own.dtype !== dtype)
    throw new GraphDataError(`${where}: expected ${own.toString()} for "${name}", got ${made.toString()}`);
  return own;
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.map(String).join(".")}`;
  throw new GraphDataError(`${where}: ${issue?.message ?? "not what was expected"}${path}`);
}

const size = z.int().positive();
const shape = z.array(size);
const axis = z.int().nonnegative();
const dtype = z.enum(["float32", "int32", "bool"]);
const count = z.int().nonnegative();
const none = z.strictObject({});
const number = z.union([
  z.number(),
  z.enum(["NaN", "Infinity", "-Infinity", "-0"]).transform((text) => (text === "-0" ? -0 : Number(text))),
]);
const transposes = { transposeA: z.boolean(), transposeB: z.boolean() };
const pair = z.tuple([size, size]);

/** What the attributes of each primitive must be. */
const attributeSchemas: { readonly [P in Primitive]: z.ZodType<Attributes[P]> } = {
  input: z.strictObject({ name: z.string().min(1), shape, dtype }),
  constant: z
    .strictObject({ shape, dtype, values: z.array(number) })
    .refine(
      ({ dtype: type, values }) =>
        type === "float32" || values.every((value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31),
      "expected whole numbers",
    ),
  ...{ neg: none, abs: none, sign: none, exp: none, log: none, sqrt: none, tanh: none, sigmoid: none, relu: none },
  ...{ floor: none, not: none, add: none, sub: none, mul: none, div: none, pow: none, maximum: none, minimum: none },
  ...{ equal: none, less: none, lessEqual: none, and: none, where: none, stopGradient: none },
  cast: z.strictObject({ dtype }),
  matmul: z.strictObject(transposes),
  gemm: z.strictObject({ ...transposes, alpha: z.number(), beta: z.number() }),
  conv2d: z.strictObject({
    strides: pair,
    padding: z.tuple([count, count, count, count]),
    dilations: pair,
    groups: size,
  }),
  transpose: z.strictObject({ permutation: z.array(count) }),
  reshape: z.strictObject({ shape }),
  broadcastTo: z.strictObject({ shape }),
  slice: z.strictObject({ starts: z.array(count), ends: z.array(count) }),
  concat: z.strictObject({ axis: count }),
  pad: z.strictObject({ before: z.array(count), after: z.array(count) }),
  gather: z.strictObject({ axis }),
  scatterAdd: z.strictObject({ axis: count, size, indexRank: count }),
  oneHot: z.strictObject({ depth: size }),
  sum: z.strictObject({ axes: z.array(count) }),
  max: z.strictObject({ axes: z.array(count) }),
  argmax: z.strictObject({ axis }),
  softmax: z.strictObject({ axis }),
  logSoftmax: z.strictObject({ axis }),
};

/** Operands of each primitive; undefined where there may be any number of them. */
const operandCounts: { readonly [P in Primitive]: number | undefined } = {
  ...{ input: 0, constant: 0, concat: undefined },
  ...{ neg: 1, abs: 1, sign: 1, exp: 1, log: 1, sqrt: 1, tanh: 1, sigmoid: 1, relu: 1, floor: 1, not: 1, cast: 1 },
  ...{ add: 2, sub: 2, mul: 2, div: 2, pow: 2, maximum: 2, minimum: 2, equal: 2, less: 2, lessEqual: 2, and: 2 },
  ...{ where: 3, matmul: 2, gemm: 3, conv2d: 2, gather: 2, scatterAdd: 2, oneHot: 1 },
  ...{ transpose: 1, reshape: 1, broadcastTo: 1, slice: 1, pad: 1, stopGradient: 1 },
  ...{ sum: 1, max: 1, argmax: 1, softmax: 1, logSoftmax: 1 },
};

const primitive = z.enum(Object.keys(operandCounts) as [Primitive, ...Primitive[]]);
const graphSchema = z.strictObject({
  nodes: z.array(z.tuple([primitive, z.unknown(), z.array(count)])),
  outputs: z.array(count),
  origins: z.strictObject({ places: z.array(z.string()), of: z.array(z.union([count, z.null()])) }).optional(),
});
