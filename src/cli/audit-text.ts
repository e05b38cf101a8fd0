/** Certificates as text: rules as rows, what they need as columns; one rule layer by layer. */
import { type Arrival, type Certificate, type LayerCertificate, type LayerId, summaryOf } from "../audit/index.ts";
import type { Signal } from "../rules/index.ts";
import { alignColumns, plural, short } from "./columns.ts";

/** Headings of the signals' columns: short, and told in the legend. */
const headings = {
  pre: "pre",
  post: "post",
  preactivation: "drive",
  weight: "w",
  lateral: "lat",
  batch: "batch",
  pair: "pair",
  localHead: "head",
  label: "label",
  outputError: "err",
  broadcast: "bc",
  noise: "noise",
  secondPhase: "2nd",
  neighbour: "near",
  otherActivity: "far",
  otherWeight: "W",
} as const satisfies Readonly<Record<Signal, string>>;

const legend =
  "signals     drive preactivation, w weight, lat lateral, head localHead, err outputError, bc broadcast, 2nd secondPhase,\n" +
  "            near neighbour, far otherActivity, W otherWeight; docs/rules.md tells what each means\n" +
  "weights of  layers whose weights another layer needs (weight transport)\n" +
  "samples     average: each could be seen by itself; dependent: what one does depends on others\n" +
  "waits for   what must have happened above a layer: activity (update), messages from there (backward)\n" +
  "passes      forward passes of a step\n" +
  "activity    numbers of activity that updates use for each sample\n" +
  "kept        numbers that the rule keeps between steps, for each weight\n";

/** The table of several rules; in two parts where one is wider than `columns`. */
export function auditTable(certificates: readonly Certificate[], columns?: number): string {
  const signals = Object.keys(headings) as Signal[];
  const names = certificates.map(({ rule }) => rule);
  const marks = [
    ["", ...signals.map((signal) => headings[signal])],
    ...certificates.map(({ rule, signals: found }) => [
      rule,
      ...signals.map((signal) => (found.includes(signal) ? "x" : "")),
    ]),
  ];
  const facts = [
    ["weights of", "samples", "waits for", "passes", "activity", "kept"],
    ...certificates.map((certificate) => {
      const { weightTransport, coupling, locking, phases, perSample, perWeight } = summaryOf(certificate);
      return [
        layerList(weightTransport),
        coupling,
        locking === "none" ? "-" : locking,
        short(phases),
        short(perSample),
        short(perWeight),
      ];
    }),
  ];
  const right = [3, 4, 5];
  const whole = alignColumns(
    marks.map((row, i) => [...row, ...(facts[i] ?? [])]),
    right.map((column) => column + 1 + signals.length),
  );
  const width = Math.max(...whole.split("\n").map(({ length }) => length));
  if (columns === undefined || width <= columns) return `${whole}\n${legend}`;
  const second = alignColumns(
    facts.map((row, i) => [i === 0 ? "" : (names[i - 1] ?? ""), ...row]),
    right.map((column) => column + 1),
  );
  return `${alignColumns(marks)}\n${second}\n${legend}`;
}

/** What each layer of one rule needs. */
export function layerText({ layers }: Certificate): string {
  return layers
    .map((layer) => `layer ${layer.layer}\n${alignColumns(rowsOf(layer).map(([name, text]) => [`  ${name}`, text]))}`)
    .join("\n");
}

function rowsOf(certificate: LayerCertificate): [string, string][] {
  const { signals, weightTransport, errorNetwork, label, topDown, coupling, lateral, locking, phases, memory } =
    certificate;
  const others = lateral.units === "none" ? "no other unit" : lateral.units === "all" ? "all units" : "units before it";
  return [
    ["reads", signals.join(", ") || "nothing"],
    ["weights of other layers", layerList(weightTransport)],
    ["activity of other layers", errorNetwork.map(named).join(", then ") || "-"],
    ["label", label.join(", in the ").replace(/^(error|broadcast)/, "in the $1") || "-"],
    ["arrives", topDown.map(arrivalText).join("; ") || "nothing"],
    ["samples", coupling],
    ["a unit hears", `${others}${lateral.positions ? ", other positions too" : ""}`],
    ["waits below for", layerList(locking.forward)],
    ["waits above for", `activity ${layerList(locking.update)}; messages ${layerList(locking.backward)}`],
    ["forward passes", short(phases)],
    [
      "memory",
      `${short(memory.perSample)} numbers a sample${memory.held ? ", held until layers above have run" : ""}; ` +
        `${plural(memory.kept, "number")} kept for ${plural(memory.weights, "weight")}`,
    ],
  ];
}

function arrivalText({ kind, from, dimension, count }: Arrival): string {
  const source = from === undefined ? "" : ` from ${from}`;
  return `${kind}${source} of ${plural(dimension, "number")}${count > 1 ? `, ${count} times` : ""}`;
}

function named(layer: LayerId): string {
  if (layer === 0) return "input";
  return layer === "readout" ? "read-out" : String(layer);
}

function layerList(layers: readonly LayerId[]): string {
  return layers.map(named).join(" ") || "-";
}
