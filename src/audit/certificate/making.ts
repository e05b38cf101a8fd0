/** What expressions are made of, as seen from a layer: what decides whether one is an output error or a broadcast. */
import { is, type Tensor, topological } from "../../graph/index.ts";
import { ownerOf, type UpdateGraph } from "./graph.ts";

/** What an expression is made of, as bits. */
export const Made = {
  scores: 1,
  label: 2,
  own: 4,
  others: 8,
  noise: 16,
  parameters: 32,
  input: 64,
  judged: 128,
} as const;

/** What every node of the graph is made of, as seen from a layer; what the rule keeps is what it becomes. */
export function makings(graph: UpdateGraph, layer: number): (node: Tensor) => number {
  const known = new Map<Tensor, number>();
  const states = new Map<Tensor, number>();
  const depth = graph.network.layers.length;
  const leafMaking = (node: Tensor): number => {
    const leaf = graph.leaves.get(node);
    if (leaf !== undefined) {
      const owner = ownerOf(leaf);
      if (owner === layer || (leaf.signal === "pre" && leaf.layer.index === layer)) return Made.own;
      return owner > depth ? Made.scores : Made.others;
    }
    if (node === graph.labels) return Made.label;
    const kept = graph.kept.get(node);
    if (kept?.variable.kind === "state") return states.get(node) ?? 0;
    if (kept !== undefined) return Made.parameters;
    return graph.registry.noises.some(({ tensor }) => tensor === node) ? Made.noise : Made.input;
  };
  const making = (output: Tensor): number => {
    for (const node of topological([output])) {
      if (known.has(node)) continue;
      const ofOperands = (): number => node.inputs.reduce((all, operand) => all | (known.get(operand) ?? 0), 0);
      const met = graph.meeting(node);
      known.set(node, is(node, "input") ? leafMaking(node) : met === undefined ? ofOperands() : Made.judged);
    }
    return known.get(output) ?? 0;
  };
  const changing = [...graph.kept].flatMap(([node, { variable, next }]) =>
    variable.kind === "state" && next !== undefined ? [{ node, next }] : [],
  );
  for (let grown = true; grown;) {
    grown = false;
    known.clear();
    for (const { node, next } of changing) {
      const before = states.get(node) ?? 0;
      const now = before | making(next);
      if (now === before) continue;
      states.set(node, now);
      grown = true;
    }
  }
  known.clear();
  return making;
}
