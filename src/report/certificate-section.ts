/** The section of a report on what its rules need to know, from their certificates. */
import { type Certificate, type LayerId, type PairUse, summaryOf } from "../audit/index.ts";
import type { Signal } from "../rules/index.ts";
import { html, type Markup } from "./markup.ts";
import { dataTable } from "./tables.ts";

/** A rule of a study by its label, and its certificate, or why it has none. */
export type CertifiedRule =
  | {
      readonly label: string;
      readonly certificate: Certificate;
      /** Name of the step's graph that was certified; as it ran, where it has run. */
      readonly graph: string;
      /** Signals that it reads and does not claim. */
      readonly undeclared: readonly Signal[];
    }
  | { readonly label: string; readonly problem: string };

/** Layers as they are named in tables: `2, 3, read-out`; a dash for none. */
export function layerNames(layers: readonly LayerId[]): string {
  const named = (layer: LayerId): string => (layer === 0 ? "input" : layer === "readout" ? "read-out" : String(layer));
  return layers.map(named).join(", ") || "-";
}

/** What the layers of a rule wait for, in words. */
export function waitsFor(locking: "none" | "update" | "backward"): string {
  switch (locking) {
    case "none":
      return "-";
    case "update":
      return "activity above";
    case "backward":
      return "messages from above";
    default:
      return locking satisfies never;
  }
}

/** Whose knowledge is in the pairs of a rule, in words; a dash for a rule without pairs. */
export function pairsKnow(sources: readonly PairUse["source"][]): string {
  const words = { none: "nothing else", generator: "the generator", label: "the label" } as const;
  return sources.map((source) => words[source]).join(", ") || "-";
}

/** The section; undefined without rules. */
export function certificateSection(rules: readonly CertifiedRule[]): Markup | undefined {
  if (rules.length === 0) return undefined;
  const certified = rules.flatMap((rule) => ("certificate" in rule ? [rule] : []));
  const others = rules.flatMap((rule) => ("problem" in rule ? [rule] : []));
  const table = dataTable(
    "What must reach a synapse, computed from the graph of each rule's updates",
    [
      { title: "rule" },
      { title: "in space" },
      { title: "in time" },
      { title: "signals" },
      { title: "pairs know" },
      { title: "weights of other layers" },
      { title: "from outside the layer" },
      { title: "samples" },
      { title: "waits for" },
      { title: "passes", number: true },
    ],
    certified.map(({ label, certificate, undeclared }) => {
      const { space, time, pairs, weightTransport, topDown, coupling, locking, phases } = summaryOf(certificate);
      return [
        label,
        space,
        time,
        `${certificate.signals.join(", ") || "none"}${undeclared.length > 0 ? `; not claimed: ${undeclared.join(", ")}` : ""}`,
        pairsKnow(pairs),
        layerNames(weightTransport),
        topDown.join(", ") || "-",
        coupling,
        waitsFor(locking),
        String(Number(phases.toPrecision(4))),
      ];
    }),
  );
  return html`<h2>What the rules need to know</h2>
    ${certified.length > 0 ? table : undefined}
    <p class="quiet">
      In space: local, where a synapse needs its own input, weight and unit; channel, these and something sent to all
      from outside; layer, what other synapses, units or samples of the layer do; network, what other layers know. In
      time: local, remembers from step to step, or waits for other layers or passes. Pairs know: what must be known to
      make a second view of a sample. Samples: average, where each could be seen by itself; dependent, where what one
      does depends on others. Waits for: what must have happened above a layer before it can change. Passes: forward
      passes of a step. Not claimed: what the rule reads beyond what its card says. Certified at the size of the runs,
      on the graphs that they executed: ${certified.map(({ label, graph }) => `${label} ${graph}`).join(", ")}.
    </p>
    ${others.map(({ label, problem }) => html`<p>No certificate of ${label}: ${problem}</p>`)}`;
}
