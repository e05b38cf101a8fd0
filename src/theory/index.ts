export * as discovery from "./discovery/index.ts";
export * from "./dynamics/index.ts";
export * from "./polynomial/index.ts";
export { isPolynomialText, polynomialRule } from "./polynomial-rule.ts";
export * from "./symmetry/index.ts";
export * from "./boolean/index.ts";
export * from "./deep/index.ts";
export * from "./random-backpropagation/index.ts";
