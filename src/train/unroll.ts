/**
 * Several steps of training in one graph.
 *
 * A runtime hands every output over to its caller, and the state is by far the largest: at width 512 that is 17 MB a step, written
 * once more for nothing; at width 32 it is a fifth of the step's time. Unrolled, the state of all steps but the last never leaves
 * the runtime. The nodes of a step are the same as before, so the numbers are the same to the last bit.
 */
import { concat, input, is, type Tensor, Tensor as Node, topological } from "../graph/index.ts";

/** Name of a step's own input in an unrolled graph; `step` is counted from 0. */
export function inputOfStep(name: string, step: number): string {
  return `${name}@${step}`;
}

/**
 * `steps` consecutive steps of the graph with these outputs.
 *
 * Inputs X that have an output `next.X` are the state before the first step; `next.X` becomes the state after the last. Inputs named
 * in `fixed` are shared by all steps; every other input is one per step, by the name `inputOfStep`. Any other output [...] becomes [steps, ...].
 */
export function unroll(
  outputs: Readonly<Record<string, Tensor>>,
  steps: number,
  fixed: ReadonlySet<string>,
): Record<string, Tensor> {
  const order = topological(Object.values(outputs));
  const results: Record<string, Tensor[]> = {};
  let state: Record<string, Tensor> = {};
  for (let step = 0; step < steps; step++) {
    const known = new Map<Tensor, Tensor>();
    const at = (node: Tensor): Tensor => known.get(node) ?? node;
    for (const node of order) {
      if (is(node, "input")) {
        const { name, shape, dtype } = node.attributes;
        if (fixed.has(name) || (step === 0 && outputs[`next.${name}`] !== undefined)) continue;
        known.set(node, state[name] ?? input(inputOfStep(name, step), shape, dtype));
      } else if (node.inputs.some((operand) => known.has(operand))) {
        known.set(node, Node.of(node.primitive, node.attributes, ...node.inputs.map(at)));
      }
    }
    const next: Record<string, Tensor> = {};
    for (const [name, output] of Object.entries(outputs)) {
      if (name.startsWith("next.")) next[name.slice("next.".length)] = at(output);
      else (results[name] ??= []).push(at(output).expand(0));
    }
    state = next;
  }
  return {
    ...Object.fromEntries(Object.entries(results).map(([name, values]) => [name, concat(values)])),
    ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`next.${name}`, value])),
  };
}

/** Beyond this many steps a block no longer gets faster: the runtime's share is an eighth of what it was. */
const most = 8;
/** Nodes of a block at most: opening a session takes some 60 microseconds a node. */
const mostNodes = 8000;

/**
 * How many steps of a graph of `nodes` nodes are worth one block in a run of `steps`: fewer where opening the larger session would not
 * pay. Changes no number.
 */
export function blockStepsFor(nodes: number, steps: number): number {
  return Math.max(1, Math.min(most, Math.floor(mostNodes / nodes), Math.floor(steps / 16)));
}
