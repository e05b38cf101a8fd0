/** Numbers that are baked into a rule's graph: what a rule could know without reading it. */
import type { GraphData } from "../graph/index.ts";
import { type RuleDocument, RuleError } from "../rules/index.ts";

/** Constants of a document that are not one number repeated, each counted once. */
export interface Constants {
  /** Their shapes. */
  readonly shapes: readonly (readonly number[])[];
  /** Numbers in all. */
  readonly numbers: number;
  /** Those of them that are not whole. */
  readonly fractions: number;
}

/** What is baked into a document. */
export function constantsIn({ updates, between, scores }: RuleDocument): Constants {
  const graphs = [updates, ...between.flatMap(({ layers }) => layers), ...scores.map(({ graph }) => graph)];
  const found = new Map<string, { readonly shape: readonly number[]; readonly values: readonly unknown[] }>();
  for (const { nodes } of graphs) for (const one of patterns(nodes)) found.set(JSON.stringify(one), one);
  const all = [...found.values()];
  const values = all.flatMap((one) => one.values);
  return {
    shapes: all.map(({ shape }) => shape),
    numbers: values.length,
    fractions: values.filter((value) => !Number.isInteger(value)).length,
  };
}

function patterns(nodes: GraphData["nodes"]) {
  return nodes.flatMap(([primitive, attributes]) => {
    if (primitive !== "constant") return [];
    const { shape, values } = attributes as { readonly shape: readonly number[]; readonly values: readonly unknown[] };
    return values.every((value) => value === values[0]) ? [] : [{ shape, values }];
  });
}

/** Numbers that are not whole, and as many whole ones for each example or unit (indices, orders, masks): beyond this a card must name them. */
const allowed = 64;

/** Throws RuleError where a rule has more numbers baked into its graph than its card accounts for. `size`: the batch or the widest layer. */
export function refuseConstants(rule: string, document: RuleDocument, size: number, named: string | undefined): void {
  if (named !== undefined) return;
  const { shapes, numbers, fractions } = constantsIn(document);
  if (fractions <= allowed && numbers <= allowed * size) return;
  const list = shapes.map((shape) => `[${shape.join(", ")}]`).slice(0, 6);
  throw new RuleError(
    `rule ${rule}: expected at most ${allowed} numbers that are not whole and ${allowed * size} in all in its constants, got ${fractions} and ` +
      `${numbers} in ${list.join(", ")}; compute them, ask for them by fixed, or say in the card's constants what they are`,
  );
}
