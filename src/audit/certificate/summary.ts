/** A certificate in one line: what holds of any layer holds of the rule. */
import type { Certificate, LayerCertificate, PairUse, Verdict } from "./certificate.ts";
import type { Coupling } from "./coupling.ts";
import type { LayerId } from "./flow.ts";

/** What a rule needs, over all its layers. */
export interface CertificateSummary {
  /** How far what any layer learns from may lie, and whether it waits: the widest verdict of any layer. */
  readonly space: Verdict["space"];
  readonly time: Verdict["time"];
  /** What must be known to make the pairs, where there are pairs. */
  readonly pairs: readonly PairUse["source"][];
  /** Layers whose weights are read by another one. */
  readonly weightTransport: readonly LayerId[];
  readonly coupling: Coupling;
  /** The strongest lock of any layer: it waits for nothing above it, for activity above it, for messages from above. */
  readonly locking: "none" | "update" | "backward";
  readonly phases: number;
  /** Numbers of activity that updates use for each sample, over all layers. */
  readonly perSample: number;
  /** Numbers that the rule keeps for each weight, over all layers. */
  readonly perWeight: number;
  /** The widest of what arrives from outside a layer, e.g. `error 8`, in words; empty where nothing does. */
  readonly topDown: readonly string[];
}

const couplingOrder: readonly Coupling[] = ["none", "average", "dependent"];

/** Sums up the layers of a certificate. */
export function summaryOf({ layers, phases, perSample }: Certificate): CertificateSummary {
  const transported = layers.flatMap(({ weightTransport }) => weightTransport);
  const numbers = transported.filter((layer) => layer !== "readout").sort((a, b) => a - b);
  const strongest = Math.max(0, ...layers.map(({ coupling }) => couplingOrder.indexOf(coupling)));
  const kept = layers.reduce((sum, { memory }) => sum + memory.kept, 0);
  const weights = layers.reduce((sum, { memory }) => sum + memory.weights, 0);
  const widestOf = <T>(order: readonly T[], of: (layer: LayerCertificate) => T): T =>
    layers.reduce((most, layer) => (order.indexOf(of(layer)) > order.indexOf(most) ? of(layer) : most), order[0] as T);
  return {
    space: widestOf(["local", "channel", "layer", "network"], ({ verdict }) => verdict.space),
    time: widestOf(["local", "remembers", "waits"], ({ verdict }) => verdict.time),
    pairs: [...new Set(layers.flatMap(({ pairs }) => pairs.map(({ source }) => source)))],
    weightTransport: [...new Set([...numbers, ...transported.filter((layer) => layer === "readout")])],
    coupling: couplingOrder[strongest] ?? "none",
    locking: layers.some(({ locking }) => locking.backward.length > 0)
      ? "backward"
      : layers.some(({ locking }) => locking.update.length > 0)
        ? "update"
        : "none",
    phases,
    perSample,
    perWeight: weights === 0 ? 0 : kept / weights,
    topDown: widest(layers),
  };
}

function widest(layers: readonly LayerCertificate[]): string[] {
  const found = new Map<string, number>();
  for (const { topDown } of layers) {
    for (const { kind, from, dimension } of topDown) {
      const name = from === undefined ? kind : `${kind} from ${from}`;
      found.set(name, Math.max(dimension, found.get(name) ?? 0));
    }
  }
  return [...found].map(([name, dimension]) => `${name} ${dimension}`);
}
