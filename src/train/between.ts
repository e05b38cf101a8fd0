/**
 * What layers pass on, where it is not their activity: an expression over a layer's activity and nothing else.
 *
 * A rule's function is given inputs that stand for the activity; what it makes of them is data, and is read back over the activity itself.
 * So it sees no more of the graph than this, in the rule's own passes as in those of the training room.
 */
import { type GraphData, input, sameShape, type Tensor, toData } from "../graph/index.ts";
import type { Activity, Layer } from "../networks/index.ts";
import { type Between, RuleError } from "../rules/index.ts";
import { readGraph } from "./read-graph.ts";

/** What a layer passes on, over inputs called `pre`, `preactivation` and `post` of the shapes of its activity. */
export function passedOn(
  rule: string,
  between: Between,
  layer: Layer,
  shapes: Readonly<Record<keyof Activity, readonly number[]>>,
): GraphData {
  const standIn = (name: keyof Activity): Tensor => input(name, shapes[name]);
  const passed: unknown = between(layer, {
    pre: standIn("pre"),
    preactivation: standIn("preactivation"),
    post: standIn("post"),
  });
  if (typeof passed !== "object" || passed === null || !("primitive" in passed))
    throw new RuleError(`rule ${rule}: expected ${layer.name} to pass on a tensor, got ${String(passed)}`);
  return toData([passed as Tensor]);
}

/** The same over the activity itself. Throws RuleError where it is made of anything else, or has another shape than the layer's output. */
export function overActivity(rule: string, layer: Layer, data: GraphData | undefined, here: Activity): Tensor {
  const known: Readonly<Record<string, Tensor>> = { ...here };
  const [passed] = readGraph(rule, "between", data, (name) => known[name]);
  if (passed === undefined || !sameShape(passed.shape, here.post.shape))
    throw new RuleError(
      `rule ${rule}: expected ${layer.name} to pass on ${here.post.toString()}, got ${String(passed)}`,
    );
  return passed;
}

/** A rule's function that sees nothing but what stands for the activity. */
export function sealed(rule: string, between: Between): Between {
  return (layer, here) => {
    const { pre, preactivation, post } = here;
    const shapes = { pre: pre.shape, preactivation: preactivation.shape, post: post.shape };
    return overActivity(rule, layer, passedOn(rule, between, layer, shapes), here);
  };
}
