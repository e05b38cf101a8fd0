/**
 * The part of ONNX's protobuf schema that step graphs use, as a protobufjs descriptor.
 *
 * Field numbers are those of onnx.proto (onnx/onnx, proto2). Kept as data, so that lowering also runs in a browser.
 */
import protobuf from "protobufjs/light.js";

const one = (type: string, id: number): protobuf.IField => ({ type, id });
const many = (type: string, id: number): protobuf.IField => ({ rule: "repeated", type, id });

const schema = protobuf.Root.fromJSON({
  nested: {
    ModelProto: {
      fields: {
        irVersion: one("int64", 1),
        producerName: one("string", 2),
        producerVersion: one("string", 3),
        graph: one("GraphProto", 7),
        opsetImport: many("OperatorSetIdProto", 8),
      },
    },
    OperatorSetIdProto: { fields: { domain: one("string", 1), version: one("int64", 2) } },
    GraphProto: {
      fields: {
        node: many("NodeProto", 1),
        name: one("string", 2),
        initializer: many("TensorProto", 5),
        docString: one("string", 10),
        input: many("ValueInfoProto", 11),
        output: many("ValueInfoProto", 12),
      },
    },
    NodeProto: {
      fields: {
        input: many("string", 1),
        output: many("string", 2),
        name: one("string", 3),
        opType: one("string", 4),
        attribute: many("AttributeProto", 5),
        domain: one("string", 7),
      },
    },
    AttributeProto: {
      fields: {
        name: one("string", 1),
        f: one("float", 2),
        i: one("int64", 3),
        s: one("bytes", 4),
        ints: many("int64", 8),
        type: one("int32", 20),
      },
    },
    TensorProto: {
      fields: { dims: many("int64", 1), dataType: one("int32", 2), name: one("string", 8), rawData: one("bytes", 9) },
    },
    ValueInfoProto: { fields: { name: one("string", 1), type: one("TypeProto", 2) } },
    TypeProto: { fields: { tensorType: one("TensorTypeProto", 1) } },
    TensorTypeProto: { fields: { elemType: one("int32", 1), shape: one("TensorShapeProto", 2) } },
    TensorShapeProto: { fields: { dim: many("DimensionProto", 1) } },
    DimensionProto: { fields: { dimValue: one("int64", 1), dimParam: one("string", 2) } },
  },
});

/** ONNX's numbers for element types (TensorProto.DataType). */
export const onnxType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

export interface OnnxAttribute {
  readonly name: string;
  readonly type: 1 | 2 | 3 | 7;
  readonly f?: number;
  readonly i?: number;
  readonly s?: Uint8Array;
  readonly ints?: readonly number[];
}
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly OnnxAttribute[];
}
export interface OnnxTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}
export interface OnnxPort {
  readonly name: string;
  readonly elemType: number;
  /** A size, or the name of one that is known only when the model is run. */
  readonly dims: readonly (number | string)[];
}
export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** Serialises a model. `opsets` maps a domain ("" is ONNX itself) to its version. */
export function encodeModel(graph: OnnxGraph, opsets: Readonly<Record<string, number>>, irVersion: number): Uint8Array {
  const port = ({ name, elemType, dims }: OnnxPort): object => ({
    name,
    type: { tensorType: { elemType, shape: { dim: dims.map(dimension) } } },
  });
  const dimension = (size: number | string): object =>
    typeof size === "string" ? { dimParam: size } : { dimValue: size };
  const Model = schema.lookupType("ModelProto");
  const message = Model.create({
    irVersion,
    producerName: "afferent",
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
    graph: {
      name: graph.name,
      node: graph.nodes,
      initializer: graph.initializers,
      input: graph.inputs.map(port),
      output: graph.outputs.map(port),
    },
  });
  return Model.encode(message).finish();
}
