/**
 * A certificate as a drawing: layers as boxes, the input at the bottom, and an arrow for every way that information takes to a
 * layer's synapses, coloured by its kind.
 *
 * Drawn by hand, as it is no plot. Activity runs forward up the middle. What comes from other layers runs in lanes on the right, one
 * for each source and kind, with a branch to every layer it reaches. What comes from elsewhere (other samples, another view, noise)
 * enters on the left. What a synapse finds in place is named in the box.
 */
import type { Certificate, LayerCertificate, LayerId } from "../audit/index.ts";
import type { Signal } from "../rules/index.ts";
import { escapeMarkup } from "./markup.ts";
import { colourStyle } from "./palette.ts";

const kinds = {
  forward: { text: "activity, forwards", colour: "var(--quiet)", dash: "none" },
  transport: { text: "weights of another layer (weight transport)", colour: "var(--rule-1)", dash: "none" },
  activity: { text: "activity or gates of another layer", colour: "var(--rule-0)", dash: "none" },
  error: { text: "output error", colour: "var(--rule-6)", dash: "none" },
  label: { text: "label", colour: "var(--rule-2)", dash: "none" },
  broadcast: { text: "one number for all layers", colour: "var(--rule-4)", dash: "6 3" },
  message: { text: "message from an adjacent layer", colour: "var(--rule-3)", dash: "2 3" },
  aside: { text: "other units, samples, views or passes; noise", colour: "var(--rule-5)", dash: "none" },
} as const;
type Kind = keyof typeof kinds;

/** Signals that enter from the left, in the words written there. */
const asides = {
  lateral: "other units",
  batch: "other samples",
  pair: "paired view",
  secondPhase: "second pass",
  noise: "noise",
} as const satisfies Partial<Record<Signal, string>>;
/** Signals that a synapse finds in place. */
const inPlace: readonly Signal[] = ["pre", "post", "preactivation", "weight", "localHead"];

type Source = LayerId | "label";
interface Arrow {
  readonly kind: Kind;
  readonly from: Source;
  readonly to: number;
  readonly text: string;
}

const [boxWidth, boxHeight, gap, left, top] = [300, 136, 34, 176, 56] as const;
const [lane, laneStart, legendRow] = [16, 104, 22] as const;

/** The drawing as the text of an SVG file; colours follow the reader's light or dark scheme. */
export function informationPathsSvg(certificate: Certificate): string {
  const { rule, layers } = certificate;
  const rows: LayerId[] = ["readout", ...layers.map(({ layer }) => layer).reverse(), 0];
  const topOf = (row: Source): number =>
    top + Math.max(0, rows.indexOf(row === "label" ? "readout" : row)) * (boxHeight + gap);
  const arrows = layers.flatMap((layer) => arrowsOf(layer, layers.length));
  const buses = busesOf(arrows, topOf);
  const width = Math.max(780, left + boxWidth + laneStart + (Math.max(0, ...buses.map((bus) => bus.lane)) + 2) * lane);
  const bottom = top + rows.length * (boxHeight + gap);
  const used = (Object.keys(kinds) as Kind[]).filter(
    (kind) =>
      kind === "forward" ||
      arrows.some((arrow) => arrow.kind === kind) ||
      (kind === "aside" && layers.some(({ signals }) => signals.some((signal) => signal in asides))),
  );
  const height = bottom + Math.ceil(used.length / 2) * legendRow + 8;
  const alt = `Paths of information of ${rule}: ${
    arrows.map(({ kind, from, to }) => `${kinds[kind].text} ${nameOf(from)} to layer ${to}`).join("; ") ||
    "no layer needs anything from another one but its input"
  }`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
      `aria-label="${escapeMarkup(alt)}" font-family="system-ui, sans-serif" font-size="12.5">`,
    `<style>${colourStyle()}</style><rect width="100%" height="100%" fill="var(--paper)"/>`,
    `<defs>${used.map(head).join("")}</defs>`,
    text(left, 32, `${rule}: paths of information`, 'font-size="17" font-weight="600"'),
    ...rows.map((row, i) => box(row, topOf(row), layers, i + 1 < rows.length)),
    ...buses.map((bus) => busMarkup(bus, arrows, topOf)),
    ...legend(used, bottom, width),
    "</svg>\n",
  ].join("\n");
}

/** The arrows that end at one layer. */
function arrowsOf({ layer, weightTransport, errorNetwork, label, topDown }: LayerCertificate, depth: number): Arrow[] {
  const next: LayerId = layer === depth ? "readout" : layer + 1;
  const arrived = topDown.flatMap(({ kind, from, dimension }): Arrow[] => {
    // Weights and the input are drawn from where they are; noise enters on the left.
    if (kind === "weights" || kind === "input" || kind === "noise") return [];
    const source: Source =
      kind === "message" ? (from === "below" ? layer - 1 : next) : kind === "label" ? "label" : "readout";
    return [{ kind, from: source, to: layer, text: `${kind} (${dimension})` }];
  });
  const scores = errorNetwork.map((from): Arrow => {
    const words = from === 0 ? "input" : from === "readout" ? "scores" : `activity ${from}`;
    return { kind: "activity", from, to: layer, text: words };
  });
  const weights = weightTransport.map((from): Arrow => {
    return { kind: "transport", from, to: layer, text: from === "readout" ? "weights out" : `weights ${from}` };
  });
  const isLabel = label.includes("direct");
  return [...arrived.filter(({ kind }) => kind !== "label" || isLabel), ...weights, ...scores];
}

/** Arrows of one kind from one source, which share a lane. */
interface Bus {
  readonly kind: Kind;
  readonly from: Source;
  readonly members: readonly Arrow[];
  readonly lane: number;
  /** Place among the buses that leave the same box. */
  readonly slot: number;
}

function busesOf(arrows: readonly Arrow[], topOf: (row: Source) => number): Bus[] {
  const groups = new Map<string, Arrow[]>();
  for (const arrow of arrows) {
    const key = `${arrow.kind} ${arrow.from}`;
    groups.set(key, [...(groups.get(key) ?? []), arrow]);
  }
  const taken: (readonly [number, number])[][] = [];
  const leaving = new Map<number, number>();
  // Short ways inside, long ones outside.
  const reach = (members: readonly Arrow[]): number =>
    Math.max(...members.map(({ from, to }) => Math.abs(topOf(to) - topOf(from))));
  return [...groups.values()]
    .sort((a, b) => reach(a) - reach(b))
    .map((members) => {
      const [{ kind, from }] = members as [Arrow];
      const ends = [topOf(from), ...members.map(({ to }) => topOf(to))];
      const [first, last] = [Math.min(...ends), Math.max(...ends)];
      let at = 0;
      while ((taken[at] ?? []).some(([a, b]) => first <= b && last >= a)) at++;
      taken[at] = [...(taken[at] ?? []), [first, last]];
      const slot = leaving.get(topOf(from)) ?? 0;
      leaving.set(topOf(from), slot + 1);
      return { kind, from, members, lane: at, slot };
    });
}

function busMarkup(
  { kind, from, members, lane: at, slot }: Bus,
  arrows: readonly Arrow[],
  topOf: (row: Source) => number,
): string {
  const { colour, dash } = kinds[kind];
  const edge = left + boxWidth;
  const x = edge + laneStart + at * lane;
  const start = topOf(from) + 10 + slot * 6;
  const style = `fill="none" stroke="${colour}" stroke-width="1.8" stroke-dasharray="${dash}"`;
  return members
    .map((arrow) => {
      const same = arrows.filter(({ to }) => to === arrow.to);
      const room = (boxHeight - 44) / Math.max(same.length, 5);
      const end = topOf(arrow.to) + 40 + (same.indexOf(arrow) + 0.5) * room;
      return [
        `<path d="M ${edge} ${start} H ${x} V ${end} H ${edge + 4}" ${style} marker-end="url(#head-${kind})"/>`,
        text(
          edge + 12,
          end - 3.5,
          arrow.text,
          'font-size="10.5" stroke="var(--paper)" stroke-width="3" paint-order="stroke"',
        ),
      ].join("\n");
    })
    .join("\n");
}

function box(row: LayerId, y: number, layers: readonly LayerCertificate[], hasBelow: boolean): string {
  const certificate = layers.find(({ layer }) => layer === row);
  const title = row === "readout" ? "read-out" : row === 0 ? "input" : `layer ${row}`;
  const entering = (Object.keys(asides) as (keyof typeof asides)[]).filter((signal) =>
    certificate?.signals.includes(signal),
  );
  const room = (boxHeight - 24) / Math.max(entering.length, 3);
  const parts = [
    `<rect x="${left}" y="${y}" width="${boxWidth}" height="${boxHeight}" rx="6" fill="var(--panel)" stroke="var(--line)"/>`,
    text(left + 14, y + 24, title, 'font-weight="600" font-size="14"'),
    ...wordsOf(row, certificate).map((line, i) => text(left + 14, y + 48 + i * 18, line)),
    ...entering.map((signal, i) => {
      const at = y + 12 + (i + 0.5) * room;
      return (
        text(left - 50, at + 4, asides[signal], 'text-anchor="end"') +
        line({ kind: "aside", x1: left - 44, x2: left - 4, y1: at, y2: at })
      );
    }),
  ];
  if (hasBelow) {
    const x = left + boxWidth / 2;
    parts.push(line({ kind: "forward", x1: x, x2: x, y1: y + boxHeight + gap, y2: y + boxHeight + 4 }));
  }
  return parts.join("\n");
}

function wordsOf(row: LayerId, certificate: LayerCertificate | undefined): string[] {
  if (certificate === undefined) {
    return row === "readout" ? ["learns by its own exact gradient,", "whatever the rule"] : ["one-hot symbols"];
  }
  const found = certificate.signals.filter((signal) => inPlace.includes(signal));
  if (found.length > 0) return ["in place:", ...wrapped(found.join(", "))];
  return [certificate.signals.length > 0 ? "nothing in place" : "does not learn"];
}

function legend(used: readonly Kind[], y: number, width: number): string[] {
  return used.map((kind, i) => {
    const [x, row] = [30 + (i % 2) * (width / 2 - 15), y + Math.floor(i / 2) * legendRow + 8];
    return line({ kind, x1: x, x2: x + 32, y1: row, y2: row }) + text(x + 42, row + 4, kinds[kind].text);
  });
}

function line({
  kind,
  ...ends
}: {
  readonly kind: Kind;
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}): string {
  const { colour, dash } = kinds[kind];
  const places = Object.entries(ends).map(([name, value]) => `${name}="${value}"`);
  return `<line ${places.join(" ")} stroke="${colour}" stroke-width="1.8" stroke-dasharray="${dash}" marker-end="url(#head-${kind})"/>`;
}

function head(kind: Kind): string {
  return (
    `<marker id="head-${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">` +
    `<path d="M0 0L8 4L0 8z" fill="${kinds[kind].colour}"/></marker>`
  );
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" fill="var(--ink)" ${attributes}>${escapeMarkup(content)}</text>`;
}

function nameOf(from: Source): string {
  if (from === 0) return "of the input";
  if (from === "label") return "of the sample";
  return from === "readout" ? "of the read-out" : `of layer ${from}`;
}

function wrapped(words: string, most = 40): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < most) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
