export { cost, type Cost, operations, operationsOf } from "./cost.ts";
export { fromData, type GraphData, GraphDataError, toData } from "./data.ts";
export {
  centred,
  crossEntropies,
  crossEntropy,
  normalise,
  partnerCrossEntropy,
  pool2d,
  softplus,
  variance,
} from "./derived.ts";
export { grad, pullback } from "./grad.ts";
export { originOf, type ReadStack, recordingOrigins, standingFor } from "./origin.ts";
export type { Attributes, Primitive } from "./primitive.ts";
export { attributesText, print } from "./print.ts";
export { describe, type DType, range, type Shape, ShapeError, sameShape, sizeOf, stridesOf } from "./shape.ts";
export { simplify, type SimplifyOptions, uniformValue } from "./simplify.ts";
export { concat, constant, full, input, is, type Operand, scalar, scatterAdd, Tensor, topological } from "./tensor.ts";
export { vmap } from "./vmap.ts";
