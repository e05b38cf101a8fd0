/**
 * Draws docs/random-hierarchy-model.svg, the README's picture of the random hierarchy model: the tree of one string, and beside it another
 * string of the same class, in which one latent has been rewritten by its other production. `npx tsx scripts/model-figure.ts`.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { stream } from "../src/random/stream.ts";
import { derive, emptyDerivations, rhm } from "../src/tasks/index.ts";

const { hierarchy } = rhm({ v: 4, m: 2, depth: 3, seed: 3 });
const { firstNode, parameters } = hierarchy;
const { depth, m, s, classes } = parameters;
/** The latent that is rewritten otherwise: a node of level 1. */
const exchanged = 1;

const random = stream(1, "figure");
const trees = emptyDerivations(hierarchy, 2);
const inner = trees.choices.length / 2;
trees.symbols[0] = random.integer(classes);
for (let node = 0; node < inner; node++) trees.choices[node] = random.integer(m);
trees.symbols[trees.symbols.length / 2] = trees.symbols[0];
for (let node = 0; node < inner; node++)
  trees.choices[inner + node] = ((trees.choices[node] ?? 0) + Number(node === exchanged)) % m;
for (const row of [0, 1]) derive(hierarchy, trees, row);

const fills = ["#4da6e8", "#f0843c", "#2cc79b", "#f2c14e"];
const [cell, gap, rise, left, top, radius] = [42, 60, 66, 130, 54, 15];
const width = s ** depth * cell;

/** Where a node stands. */
function place(node: number, tree: number): { x: number; y: number; level: number } {
  const level = firstNode.findIndex((first, l) => node >= first && node < (firstNode[l + 1] ?? Infinity));
  const each = width / s ** level;
  const x = left + tree * (width + gap) + (node - (firstNode[level] ?? 0) + 0.5) * each;
  return { x, y: top + level * rise, level };
}

/** Whether a node is the one exchanged, or stands below it. */
function isExchanged(node: number): boolean {
  for (let at = node; at > 0; at = Math.floor((at - 1) / s)) if (at === exchanged) return true;
  return false;
}

const marks: string[] = [];
const nodes = trees.symbols.length / 2;
for (const tree of [0, 1]) {
  for (let node = 1; node < nodes; node++) {
    const [from, to] = [place(Math.floor((node - 1) / s), tree), place(node, tree)];
    const isNew = tree === 1 && isExchanged(node) && node !== exchanged;
    marks.push(
      `<line x1="${from.x}" y1="${from.y}" x2="${to.x}" y2="${to.y}" stroke="${isNew ? "#d55e00" : "#8a929c"}" stroke-width="${isNew ? 2.5 : 1.5}"/>`,
    );
  }
  for (let node = 0; node < nodes; node++) {
    const { x, y, level } = place(node, tree);
    const symbol = trees.symbols[tree * nodes + node] ?? 0;
    const shape =
      level === depth
        ? `<rect x="${x - radius}" y="${y - radius}" width="${2 * radius}" height="${2 * radius}" rx="3" fill="${fills[symbol] ?? ""}"/>`
        : `<circle cx="${x}" cy="${y}" r="${radius}" fill="${fills[symbol] ?? ""}"/>`;
    const ring =
      node === exchanged
        ? `<circle cx="${x}" cy="${y}" r="${radius + 4}" fill="none" stroke="#d55e00" stroke-width="2"/>`
        : "";
    marks.push(shape, ring, `<text x="${x}" y="${y + 5}" text-anchor="middle" fill="#14171b">${symbol}</text>`);
  }
}
const names = Array.from({ length: depth + 1 }, (_, level) =>
  level === 0 ? "class" : level === depth ? "the string" : `latents ${level}`,
);
const labels = names.map(
  (name, level) =>
    `<text x="${left - 20}" y="${top + level * rise + 5}" text-anchor="end" fill="#7a828c">${name}</text>`,
);
const titles = ["a string of a class", "the same class: one latent rewritten"].map(
  (title, tree) =>
    `<text x="${left + tree * (width + gap) + width / 2}" y="24" text-anchor="middle" fill="#7a828c">${title}</text>`,
);
const size = { width: left + 2 * width + gap + 20, height: top + depth * rise + 34 };
const title = "Two strings of the random hierarchy model with their trees";
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="system-ui, sans-serif" font-size="14" role="img" aria-label="${title}">
<title>${title}</title>
${[...titles, ...labels, ...marks].filter((mark) => mark !== "").join("\n")}
</svg>
`;
await writeFile(fileURLToPath(new URL("../docs/random-hierarchy-model.svg", import.meta.url)), svg);
