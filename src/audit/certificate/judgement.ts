/**
 * Where scores and labels meet so that the label itself does not come through: recognised by the form of the expression, as nothing else
 * about it can be trusted. `onehot(y) + 1e-30 s` is made of scores and labels too, and is the label.
 *
 * - An output error: softmax(s) - onehot(y), or sigmoid(s), tanh(s), s in the place of softmax(s); of either sign.
 * - A judgement: what the scores give to the class, sum_c g(s)_c onehot(y)_c with g one of these or the log-softmax, which is the cross-entropy
 *   where it is negative; and whether the largest score is that of the class.
 */
import { type Attributes, is, type Tensor, uniformValue } from "../../graph/index.ts";

export type Meeting = "error" | "judgement";

/** What a node is, where scores and labels meet in it. */
export function meetingAt(
  node: Tensor,
  { isScores, labels }: { readonly isScores: (node: Tensor) => boolean; readonly labels: Tensor },
): Meeting | undefined {
  const isTarget = (x: Tensor | undefined): boolean => {
    const code = x && still(x);
    return code !== undefined && is(code, "oneHot") && code.inputs[0] === labels;
  };
  const isAnswer = (x: Tensor | undefined, squashed: readonly string[]): boolean => {
    const found = x && still(x);
    if (found === undefined) return false;
    const [below] = found.inputs;
    return isScores(found) || (squashed.includes(found.primitive) && below !== undefined && isScores(still(below)));
  };
  const squash = ["softmax", "sigmoid", "tanh"];
  const [a, b] = node.inputs;
  if (is(node, "sub")) {
    const meet = (isAnswer(a, squash) && isTarget(b)) || (isTarget(a) && isAnswer(b, squash));
    return meet ? "error" : undefined;
  }
  if (is(node, "sum")) {
    const product = a && scaled(a);
    if (product === undefined || !is(product, "mul")) return undefined;
    const { axes } = node.attributes as Attributes["sum"];
    if (!axes.includes(product.rank - 1)) return undefined;
    const [x, y] = product.inputs.map((factor) => scaled(factor));
    const judged = [...squash, "logSoftmax"];
    return (isAnswer(x, judged) && isTarget(y)) || (isTarget(x) && isAnswer(y, judged)) ? "judgement" : undefined;
  }
  if (is(node, "equal")) {
    const isBest = (x: Tensor | undefined): boolean => {
      const best = x && still(x);
      return best !== undefined && is(best, "argmax") && best.inputs.some((scores) => isScores(still(scores)));
    };
    const isClass = (x: Tensor | undefined): boolean => x !== undefined && still(x) === labels;
    return (isBest(a) && isClass(b)) || (isClass(a) && isBest(b)) ? "judgement" : undefined;
  }
  return undefined;
}

/** What is only moved or repeated. */
function still(node: Tensor): Tensor {
  let at = node;
  while (is(at, "reshape") || is(at, "broadcastTo")) at = at.inputs[0] ?? at;
  return at;
}

/** What is moved, repeated, of the other sign, or times a number. */
function scaled(node: Tensor): Tensor {
  let at = still(node);
  for (;;) {
    const [a, b] = at.inputs;
    if (is(at, "neg") && a !== undefined) at = still(a);
    else if (is(at, "mul") && a !== undefined && b !== undefined && uniformValue(a) !== undefined) at = still(b);
    else if (is(at, "mul") && a !== undefined && b !== undefined && uniformValue(b) !== undefined) at = still(a);
    else return at;
  }
}
