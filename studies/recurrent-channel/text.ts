/** The recurrent channel as a table. */
import { about, digits, indented } from "../../src/cli/channel/text.ts";
import { alignColumns } from "../../src/cli/columns.ts";
import type { RecurrentSummary } from "./summary.ts";

/** The table, with the orders of the operations of each method. */
export function recurrentText(
  rows: readonly RecurrentSummary[],
  orders: Readonly<Record<string, string>>,
  draws: number,
): string {
  const cells = rows.map((row) => [
    String(row.length),
    String(row.step),
    row.method,
    digits(row.operationsPerWeight, 3),
    about(row.cosine),
    about(row.cosineSquared) +
      (row.expectedCosineSquared === undefined ? "" : ` (${digits(row.expectedCosineSquared, 3)})`),
    about(row.bits),
    digits(row.boundBits, 3),
    about(row.rate),
    row.pValue === undefined ? "" : digits(row.pValue, 2),
  ]);
  const top = ["T", "step", "method", "op/weight", "cosine", "cos^2 (expected)", "bits", "by theory", "rate", "p"];
  const counted = Object.entries(orders).map(([method, order]) => `${method} ${order}`);
  return [
    `recurrent network, unrolled over T symbols; k = ${draws} draws; on the path of bptt, which is the gradient and so has D bits\n`,
    `  operations a weight and example, counted: ${counted.join(", ")}\n`,
    indented(alignColumns([top, ...cells], [0, 1, 3])),
    "  p: rate below bptt's, paired t-test over seeds, Holm over the whole table\n",
  ].join("");
}
