/** Choices at the edge of what was tried. */
import type { Cell } from "./summary.ts";

/**
 * A sentence for each tuned key whose chosen value is, in some cells, the smallest or largest of at least three that were tried: a better
 * one may lie outside. Cells without a result are left out.
 */
export function edgeNotes(cells: readonly Cell[]): string[] {
  const keys = [...new Set(cells.flatMap((cell) => Object.keys(cell.chosen)))];
  return keys.flatMap((key) => {
    const rules = new Set(cells.filter((cell) => isAtEdge(cell, key)).map((cell) => cell.rule));
    if (rules.size === 0) return [];
    return [
      `The chosen ${key} is the smallest or largest value tried for ${[...rules].join(", ")}: a better one may lie outside.`,
    ];
  });
}

function isAtEdge({ candidates, chosen, measures }: Cell, key: string): boolean {
  const tried = new Set(candidates.map(({ tuned }) => tuned[key]).filter((value) => typeof value === "number"));
  const value = chosen[key];
  if (tried.size < 3 || typeof value !== "number" || measures.validationError.n === 0) return false;
  return value === Math.min(...tried) || value === Math.max(...tried);
}
