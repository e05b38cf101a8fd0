/** A certificate in the terms of Baldi and Sadowski (2016): which variables, of which scope, and whether they are local in space and in time. */
import type { LayerCertificate } from "./certificate.ts";

export interface Verdict {
  /**
   * `local`: the synapse's own input, weight and unit. `channel`: these, and something sent to all from outside. `layer`: what other
   * synapses or units of the layer, or other samples, do. `network`: what other layers know.
   */
  readonly space: "local" | "channel" | "layer" | "network";
  /** `local`: the present pass alone. `remembers`: running values from step to step. `waits`: until layers above have run, or for further passes. */
  readonly time: "local" | "remembers" | "waits";
  /** In words, e.g. `F(x_i, y_j, w_ij): local in space and in time`. */
  readonly text: string;
}

type Facts = Omit<LayerCertificate, "verdict">;

/** The verdict on one layer. */
export function verdictOn(facts: Facts): Verdict {
  const space = spaceOf(facts);
  const time = timeOf(facts);
  const list = variablesOf(facts);
  const where = {
    local: "local in space",
    channel: "local in space but for a channel from outside",
    layer: "not local in space: it hears its layer",
    network: "not local in space: it hears other layers",
  }[space];
  const when = {
    local: "local in time",
    remembers: "local in time but for what it remembers",
    waits: "not local in time: it waits",
  }[time];
  return { space, time, text: `F(${list.join(", ")}): ${where}, ${when}` };
}

function spaceOf({ signals, lateral, coupling, scopes, topDown }: Facts): Verdict["space"] {
  if (signals.some((signal) => ["otherWeight", "otherActivity", "neighbour"].includes(signal))) return "network";
  const wide =
    scopes.pre === "unit" || scopes.weight === "unit" || scopes.weight === "layer" || scopes.post === "layer";
  if (
    wide ||
    lateral.units !== "none" ||
    lateral.positions ||
    coupling === "dependent" ||
    signals.includes("localHead")
  )
    return "layer";
  return topDown.length > 0 ? "channel" : "local";
}

function timeOf({ locking, phases, signals }: Facts): Verdict["time"] {
  if (locking.update.length > 0 || phases > 1) return "waits";
  return signals.includes("memory") ? "remembers" : "local";
}

function variablesOf({ scopes, signals, topDown, weightTransport, throughHead, errorNetwork, pairs }: Facts): string[] {
  const names: string[] = [];
  if (scopes.pre !== undefined) names.push(scopes.pre === "synapse" ? "x_i" : "x of the unit's other inputs");
  if (scopes.post !== undefined) names.push(scopes.post === "unit" ? "y_j" : "y of other units");
  if (scopes.weight !== undefined)
    names.push({ synapse: "w_ij", unit: "the unit's weights", layer: "the layer's weights" }[scopes.weight]);
  if (signals.includes("batch")) names.push("other samples");
  if (throughHead.length > 0) names.push("weights of its head, sent back");
  else if (signals.includes("localHead")) names.push("its head");
  if (signals.includes("noise")) names.push("noise");
  for (const { kind, source } of pairs)
    names.push(source === "none" ? `a pair (${kind})` : `a pair that knows the ${source}`);
  for (const { kind, from, dimension } of topDown)
    names.push(
      kind === "message" ? `a message from ${from ?? "elsewhere"}` : `${kind}${dimension > 1 ? ` ${dimension}` : ""}`,
    );
  if (weightTransport.length > 0) names.push(`weights of ${weightTransport.join(", ")}`);
  if (errorNetwork.length > 0) names.push(`activity of ${errorNetwork.join(", ")}`);
  return [...new Set(names)];
}
