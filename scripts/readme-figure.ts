/**
 * Draws the README's figure from a store that holds the first comparison: `npm start`, then
 * `npx tsx scripts/readme-figure.ts`.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import firstComparison from "../studies/first-comparison.ts";
import { figureDocument } from "../src/report/figure.node.ts";
import { figureSvg } from "../src/report/figures.ts";
import { expand } from "../src/study/spec/expand.ts";
import { openStore } from "../src/study/store/store.ts";
import { summarise } from "../src/study/summary/summary.ts";

const store = await openStore(process.env["AFFERENT_STORE"] ?? ".afferent", { access: "read" });
const planned = expand(firstComparison);
const runs = planned.map(({ run }) => run);
const [rows, curves] = [await store.rows({ runs }), await store.curves(runs)];
await store.close();
const input = { cells: summarise(planned, rows), curves, baseline: "backprop", document: figureDocument() };
const svg = figureSvg("sample-complexity", input);
await writeFile(fileURLToPath(new URL("../docs/first-comparison.svg", import.meta.url)), svg);
