/** `afferent audit RULE --why SIGNAL`: paths from what changes in each layer to what a line of its certificate stands for. */
import { type WhyNode, whyOf, type WhyPath } from "../../audit/index.ts";
import { type Signal, signals } from "../../rules/index.ts";
import type { PlannedModel } from "../../study/run/planned-model.ts";
import { traceUpdates } from "../../train/index.ts";
import { alignColumns } from "../columns.ts";
import { type OptionValues, textOption } from "../command.ts";
import { reading, UsageError } from "../exit.ts";
import { countFrom, oneOf } from "../words.ts";
import type { WhyOutput } from "./schema.ts";

/** What is asked: a signal, of all layers or of one. */
export interface Question {
  readonly signal: Signal;
  readonly layer: number | undefined;
}

/** The question that options ask; undefined where they ask none. Throws UsageError. */
export function questionOf(options: OptionValues): Question | undefined {
  const [word, number] = [textOption(options, "why"), textOption(options, "layer")];
  if (word === undefined) {
    if (number !== undefined) throw new UsageError("--layer: expected --why SIGNAL with it, got none");
    return undefined;
  }
  return {
    signal: oneOf("--why", Object.keys(signals) as Signal[], word),
    layer: number === undefined ? undefined : countFrom("--layer", number),
  };
}

/** The paths, on the run's own network and batch. Throws UsageError for a layer that the network has not. */
export function pathsOf({ model, length }: PlannedModel, { signal, layer }: Question): Promise<readonly WhyPath[]> {
  return reading(() => whyOf(traceUpdates({ ...model, origins: true }, length), signal, layer));
}

/** Paths one after the other, a node a line; a sentence where there are none. */
export function whyText(rule: string, { signal, layer }: Question, paths: readonly WhyPath[]): string {
  if (paths.length === 0) {
    const where = layer === undefined ? "any layer" : `layer ${layer}`;
    return `${rule} does not read ${signal} (${signals[signal]}) in ${where} of this network\n`;
  }
  return paths
    .map((path) => `layer ${path.layer} reads ${signal}: ${path.reads}\n${alignColumns(path.nodes.map(rowOf))}`)
    .join("\n");
}

function rowOf({ primitive, attributes, shape, place, words }: WhyNode): string[] {
  return [`  ${primitive}${attributes}`, `[${shape.join(", ")}]`, place ?? "", words.join("; ")];
}

/** The same as data. */
export function whyJson(rule: string, { signal, layer }: Question, paths: readonly WhyPath[]): WhyOutput {
  return {
    rule,
    signal,
    layer: layer ?? null,
    paths: paths.map(({ layer: of, reads, nodes }) => ({
      layer: of,
      reads,
      nodes: nodes.map(({ place, ...node }) => ({ ...node, place: place ?? null })),
    })),
  };
}
