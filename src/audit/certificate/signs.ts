/**
 * Where the sign of a zero may come to matter. 0 times a value is 0 or -0 by the sign of the value, which nothing tells apart but what
 * divides by it: 1 / 0 and 1 / -0 are the two infinities.
 */
import { is, type Primitive, type Tensor } from "../../graph/index.ts";

/** Operations in whose result the sign of a zero is lost, or that have a result without sign. */
const lost: ReadonlySet<Primitive> = new Set<Primitive>([
  ...(["abs", "exp", "sigmoid", "softmax", "logSoftmax", "equal", "less", "lessEqual"] as const),
  ...(["not", "and", "argmax", "oneHot"] as const),
]);

/** Nodes whose zeros may be divided by, with their signs; `order` is topological. */
export function signedNodes(order: readonly Tensor[]): ReadonlySet<Tensor> {
  const signed = new Set<Tensor>();
  for (const node of [...order].reverse()) {
    const [first, second] = node.inputs;
    if (node.primitive === "div" && second !== undefined) signed.add(second);
    if (node.primitive === "pow" && first !== undefined) signed.add(first);
    if (signed.has(node) && !losesSign(node)) for (const operand of node.inputs) signed.add(operand);
  }
  return signed;
}

/** A sum with a number that is not 0 is that number, whatever the zero. */
function losesSign(node: Tensor): boolean {
  if (lost.has(node.primitive)) return true;
  return (node.primitive === "add" || node.primitive === "sub") && node.inputs.some(isNowhereZero);
}

function isNowhereZero(node: Tensor): boolean {
  const [operand] = node.inputs;
  if (operand !== undefined && is(node, "broadcastTo")) return isNowhereZero(operand);
  return is(node, "constant") && node.attributes.values.every((value) => Math.abs(value) >= leastNormal);
}
/** Below it machines may round a float32 to 0. */
const leastNormal = 2 ** -126;
