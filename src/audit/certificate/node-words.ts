/** Nodes of an update in plain words: whose activity, weights, noise or state they are. */
import type { Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import type { Variable } from "../../rules/index.ts";
import { partnerName } from "../../tasks/index.ts";
import type { ActivityLeaf, UpdateGraph } from "./graph.ts";

/** Of what is an input of the graph, of activity, and of where scores and labels meet; undefined for any other node. */
export function wordsOf(
  node: Tensor,
  graph: UpdateGraph,
  activity: ReadonlyMap<Tensor, ActivityLeaf>,
): string | undefined {
  const leaf = activity.get(node);
  if (leaf !== undefined) return activityWords(leaf, graph);
  const variable = graph.kept.get(node)?.variable;
  if (variable !== undefined) return keptWords(variable, graph);
  const { registry } = graph;
  if (node === registry.labels) return "labels";
  if (node === registry.tokens) return registry.tokens.dtype === "int32" ? "symbols of the input" : "the input";
  const partner = registry.partners.find(({ tokens }) => tokens === node);
  if (partner !== undefined) return `symbols of the paired view (${partnerName(partner.request)})`;
  const noise = registry.noises.find(({ tensor }) => tensor === node);
  if (noise !== undefined) return `noise${ofLayer(noise.owner, graph)} (${noise.name})`;
  const met = graph.meeting(node);
  if (met === undefined) return undefined;
  return met === "error" ? "output error: scores less labels" : "judgement: scores and labels";
}

/** What changes a value of the network or of the rule; undefined for no value. */
export function changeWords(variable: Variable | undefined): string | undefined {
  return variable && `what ${variable.name} ${variable.kind === "state" ? "becomes" : "changes by"}`;
}

/** The same where a kept value is read as what it is now. */
export function nextWords(variable: Variable | undefined): string | undefined {
  return variable && `kept from the step before: ${changeWords(variable) ?? ""}`;
}

/** A layer as it is spoken of. */
export function layerWords(index: number, { network }: Pick<UpdateGraph, "network">): string {
  return index > network.layers.length ? "the read-out" : `layer ${index}`;
}

function activityWords({ layer, signal, pass }: ActivityLeaf, graph: UpdateGraph): string {
  const what = { pre: "input", preactivation: "drive", post: "output" }[signal];
  const view = pass.kind === "partner" ? ` for the paired view (${partnerName(pass.request)})` : "";
  return `${what} of ${layerWords(layer.index, graph)}${view}${pass.kind === "further" ? " in another pass" : ""}`;
}

function keptWords({ kind, name, owner }: Variable, graph: UpdateGraph): string {
  const what = {
    weight: "weights",
    bias: "bias",
    head: "head",
    fixed: "values that never change",
    state: "state",
  }[kind];
  return `${what}${ofLayer(owner, graph)} (${name})`;
}

function ofLayer(owner: Layer | undefined, graph: UpdateGraph): string {
  return owner === undefined ? " of the whole network" : ` of ${layerWords(owner.index, graph)}`;
}
