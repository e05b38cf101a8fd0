/** The section of a report on what its rules need to know, from their certificates. */
import { type Certificate, type LayerId, summaryOf } from "../audit/index.ts";
import { html, type Markup } from "./markup.ts";
import { dataTable } from "./tables.ts";

/** A rule of a study by its label, and its certificate. */
export interface CertifiedRule {
  readonly label: string;
  readonly certificate: Certificate;
}

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

/** The section; undefined without certificates. */
export function certificateSection(rules: readonly CertifiedRule[]): Markup | undefined {
  if (rules.length === 0) return undefined;
  const table = dataTable(
    "What must reach a synapse, computed from the graph of each rule's updates",
    [
      { title: "rule" },
      { title: "signals" },
      { title: "weights of other layers" },
      { title: "from outside the layer" },
      { title: "samples" },
      { title: "waits for" },
      { title: "passes", number: true },
    ],
    rules.map(({ label, certificate }) => {
      const { weightTransport, topDown, coupling, locking, phases } = summaryOf(certificate);
      return [
        label,
        certificate.signals.join(", ") || "none",
        layerNames(weightTransport),
        topDown.join(", ") || "-",
        coupling,
        waitsFor(locking),
        String(Number(phases.toPrecision(4))),
      ];
    }),
  );
  return html`<h2>What the rules need to know</h2>
    ${table}
    <p class="quiet">
      Samples: average, where each could be seen by itself; dependent, where what one does depends on others. Waits for:
      what must have happened above a layer before it can change. Passes: forward passes of a step.
    </p>`;
}
