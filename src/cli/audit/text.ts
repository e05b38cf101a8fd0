/** Certificates as text: rules as rows, what they need as columns; one rule layer by layer. */
import {
  type Arrival,
  type Certificate,
  type CertificateSummary,
  type LayerCertificate,
  type LayerId,
  type PairUse,
  type Scopes,
  summaryOf,
} from "../../audit/index.ts";
import type { Signal } from "../../rules/index.ts";
import { alignColumns, nameColumn, plural, short } from "../columns.ts";

/** Headings of the signals' columns: short, and told in the legend. */
const headings = {
  pre: "pre",
  otherInput: "in",
  post: "post",
  preactivation: "drive",
  weight: "w",
  lateral: "lat",
  positions: "pos",
  memory: "mem",
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

const legend: readonly (readonly [string, string])[] = [
  [
    "signals",
    "in otherInput, drive preactivation, w weight, lat lateral, pos positions, mem memory, head localHead, err outputError, bc broadcast, 2nd secondPhase, near neighbour, far otherActivity, W otherWeight; afferent rules --help tells what each means",
  ],
  [
    "space",
    "the widest of any layer: local, a synapse's own input, weight and unit; channel, these and something sent to all; layer, what other synapses, units or samples of the layer do; network, what other layers know",
  ],
  ["time", "local, the present pass; remembers, running values; waits, for layers above or further passes"],
  ["pairs know", "what must be known to make a second view: nothing else, the generator of the data, the label"],
  ["weights of", "layers whose weights another layer needs (weight transport)"],
  ["samples", "average: each could be seen by itself; dependent: what one does depends on others"],
  ["waits for", "what must have happened above a layer: activity (update), messages from there (backward)"],
  ["passes", "forward passes of a step"],
  ["activity", "numbers of activity that updates use for each sample"],
  ["kept", "numbers that the rule keeps between steps, for each weight"],
];

/** A column of the table: its heading, and what it says of each rule. */
interface Column {
  readonly heading: string;
  readonly cells: readonly string[];
  readonly right?: boolean;
}

/** The table of several rules; in parts where one is wider than `width`. */
export function auditTable(certificates: readonly Certificate[], width = Infinity): string {
  const names: Column = { heading: "", cells: certificates.map(({ rule }) => rule) };
  const marks = (Object.keys(headings) as Signal[]).map((signal): Column => {
    const cells = certificates.map(({ signals }) => (signals.includes(signal) ? "x" : ""));
    return { heading: headings[signal], cells };
  });
  const parts: Column[][] = [[names]];
  for (const column of [...marks, ...factsOf(certificates)]) {
    const last = parts.at(-1) ?? [];
    if (last.length > 1 && widthOf([...last, column]) > width) parts.push([names, column]);
    else last.push(column);
  }
  const tables = parts.map((columns) => alignColumns(rowsOfColumns(columns), rightOf(columns)));
  return [...tables, nameColumn(legend, Math.min(width, 140))].join("\n");
}

function factsOf(certificates: readonly Certificate[]): Column[] {
  const all = certificates.map(summaryOf);
  const fact = (heading: string, text: (summary: CertificateSummary) => string, right = false): Column => ({
    heading,
    cells: all.map(text),
    right,
  });
  return [
    fact("space", ({ space }) => space),
    fact("time", ({ time }) => time),
    fact("pairs know", ({ pairs }) => pairs.map((source) => (source === "none" ? "nothing" : source)).join(" ") || "-"),
    fact("weights of", ({ weightTransport }) => layerList(weightTransport)),
    fact("samples", ({ coupling }) => coupling),
    fact("waits for", ({ locking }) => (locking === "none" ? "-" : locking)),
    fact("passes", ({ phases }) => short(phases), true),
    fact("activity", ({ perSample }) => short(perSample), true),
    fact("kept", ({ perWeight }) => short(perWeight), true),
  ];
}

function rowsOfColumns(columns: readonly Column[]): string[][] {
  const cells = columns[0]?.cells ?? [];
  return [
    columns.map(({ heading }) => heading),
    ...cells.map((_, i) => columns.map((column) => column.cells[i] ?? "")),
  ];
}

function rightOf(columns: readonly Column[]): number[] {
  return columns.flatMap(({ right }, i) => (right === true ? [i] : []));
}

function widthOf(columns: readonly Column[]): number {
  const lines = alignColumns(rowsOfColumns(columns), rightOf(columns)).split("\n");
  return Math.max(...lines.map(({ length }) => length));
}

/** What each layer of one rule needs, wrapped to `width` characters. */
export function layerText({ layers }: Certificate, width?: number): string {
  const indented = (rows: readonly [string, string][]): [string, string][] =>
    rows.map(([name, text]) => [`  ${name}`, text]);
  return layers.map((layer) => `layer ${layer.layer}\n${nameColumn(indented(rowsOf(layer)), width)}`).join("\n");
}

function rowsOf(certificate: LayerCertificate): [string, string][] {
  const {
    signals,
    scopes,
    weightTransport,
    throughHead,
    errorNetwork,
    label,
    pairs,
    topDown,
    coupling,
    lateral,
    sharing,
  } = certificate;
  const { locking, phases, memory, verdict } = certificate;
  const others = lateral.units === "none" ? "no other unit" : lateral.units === "all" ? "all units" : "units before it";
  return [
    ["verdict", verdict.text],
    ["reads", signals.join(", ") || "nothing"],
    ["of its own layer", scopesText(scopes)],
    ["weights of other layers", layerList(weightTransport)],
    ["weights of its head", throughHead.join(", ") || "-"],
    ["activity of other layers", errorNetwork.map(named).join(", then ") || "-"],
    ["label", labelText(label)],
    ["pairs", pairs.map(pairText).join("; ") || "-"],
    ["arrives", topDown.map(arrivalText).join("; ") || "nothing"],
    ["samples", coupling],
    ["a unit hears", `${others}${lateral.positions ? ", other positions too" : ""}`],
    ["a weight is shared by", sharing > 1 ? `${sharing} positions, whose changes it adds up` : "no positions"],
    ["waits below for", layerList(locking.forward)],
    ["waits above for", `activity ${layerList(locking.update)}; messages ${layerList(locking.backward)}`],
    ["forward passes", short(phases)],
    [
      "memory",
      `${short(memory.perSample)} numbers a sample${memory.held ? ", held until layers above have run" : ""}; ` +
        `${plural(memory.kept, "number")} kept for ${plural(memory.weights, "weight")}` +
        (memory.remembered > 0 ? `, ${short(memory.remembered)} remembered` : ""),
    ],
  ];
}

/** How far what is read of the layer lies from a synapse. */
function scopesText({ pre, post, weight }: Scopes): string {
  const parts = [
    pre && { synapse: "its own input", unit: "other inputs of its unit", layer: "inputs of other units" }[pre],
    post && { synapse: "its unit", unit: "its unit", layer: "other units" }[post],
    weight && { synapse: "its own weight", unit: "other weights of its unit", layer: "weights of other units" }[weight],
  ];
  return parts.filter((part) => part !== undefined).join(", ") || "nothing";
}

function labelText(label: LayerCertificate["label"]): string {
  const words = {
    direct: "by itself",
    error: "in the output error",
    broadcast: "in a broadcast",
    pairs: "in the choice of pairs",
  } as const;
  return label.map((way) => words[way]).join(", ") || "-";
}

function pairText({ kind, source, level }: PairUse): string {
  const knows = { none: "knows nothing else", generator: "knows the generator of the data", label: "knows the label" };
  const down = level === undefined ? "" : typeof level === "number" ? ` to level ${level}` : ` to layer ${level.layer}`;
  return `${kind === "part" ? "a part of the input" : kind}${down}: ${knows[source]}`;
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
