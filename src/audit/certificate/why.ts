/**
 * Why a certificate has a signal: for every layer that reads it, a path through the graph from what changes there to what is read.
 *
 * Paths go the ways of the walks that found the signals (`flow.ts`), the shortest of each. What is read of others of the same kind (units,
 * inputs, positions, samples) is found by tags; a path leads to something that carries the tag of another one.
 */
import { attributesText, is, originOf, type Shape, type Tensor } from "../../graph/index.ts";
import { RuleError, type Signal, type Variable } from "../../rules/index.ts";
import type { TracedUpdates } from "../../train/index.ts";
import { arrivedAt } from "./arrivals.ts";
import { certificateOf, keptValues } from "./certificate.ts";
import { informationFlow, type LayerReads, shownBy } from "./flow.ts";
import { foreignWay } from "./foreign.ts";
import { type ActivityLeaf, sampleOf, type UpdateGraph, updateGraph } from "./graph.ts";
import { type MeetingPoint, meetingPoint, type Numbered } from "./meeting-point.ts";
import { changeWords, layerWords, nextWords, wordsOf } from "./node-words.ts";
import { Reach } from "./scope.ts";
import { type Link, shortestPath, type Spot } from "./trail.ts";

/** A node on a path. */
export interface WhyNode {
  readonly primitive: string;
  /** What its shape does not show of it, e.g. `{transposeA}`. */
  readonly attributes: string;
  readonly shape: Shape;
  /** What it is, where that has a name, and how the path got there, where that was not by a step to an operand. */
  readonly words: readonly string[];
  /** Where it was written, of a rule that was traced with `origins`. */
  readonly place: string | undefined;
}

/** A path from what changes in a layer to something that is read there. */
export interface WhyPath {
  readonly layer: number;
  readonly signal: Signal;
  /** What is read. */
  readonly reads: string;
  readonly nodes: readonly WhyNode[];
}

/**
 * Paths to everything that a signal stands for in a rule's updates, in every layer that reads it or in one: those that differ in what is read.
 * Throws RuleError for a layer that the network has not.
 */
export function whyOf(traced: TracedUpdates, signal: Signal, layer?: number): WhyPath[] {
  const { layers } = certificateOf(traced);
  if (layer !== undefined && layers[layer - 1] === undefined)
    throw new RuleError(`layer: expected one from 1 to ${layers.length}, got ${layer}`);
  const graph = updateGraph(traced);
  const reads = informationFlow(graph);
  return layers.flatMap(({ layer: index, signals }) => {
    const read = reads[index - 1];
    if (read === undefined || !signals.includes(signal) || (layer ?? index) !== index) return [];
    const paths = pathsTo(signal, { graph, traced, layer: index, read, all: reads });
    const distinct = new Map(paths.reverse().map((path) => [path.reads, path]));
    return [...distinct.values()].reverse().map((path) => ({ layer: index, signal, ...path }));
  });
}

/** What is asked about one layer. */
interface Asked {
  readonly graph: UpdateGraph;
  readonly traced: TracedUpdates;
  readonly layer: number;
  readonly read: LayerReads;
  readonly all: readonly LayerReads[];
}

type Path = Pick<WhyPath, "reads" | "nodes">;

function pathsTo(signal: Signal, asked: Asked): Path[] {
  switch (signal) {
    case "lateral":
      return toOthers(asked, ["activity", "weights", "noise"], "unit");
    case "otherInput":
      return toOthers(asked, ["inputs"], "input");
    case "positions":
      return toOtherPositions(asked);
    case "batch":
      return toOtherSamples(asked);
    case "neighbour":
      return [...byWalk(signal, asked), ...toMessages(asked)];
    case "weight":
      return [...byWalk(signal, asked), ...toForgotten(asked)];
    default:
      return byWalk(signal, asked);
  }
}

/** Ways of the walks: the layer's own where it met the signal on its own account, else that of the layer on whose account it did. */
function byWalk(signal: Signal, { graph, read, all }: Asked): Path[] {
  const ends = new Map<string, Set<Spot>>();
  for (const spot of read.met.get(signal) ?? []) {
    const words = metWords(signal, spot, graph, read);
    ends.set(words, (ends.get(words) ?? new Set()).add(spot));
  }
  return [...ends].flatMap(([reads, spots]) => {
    const from = (starts: readonly Spot[]) =>
      shortestPath(
        starts,
        ({ steps }) => steps,
        (spot) => spots.has(spot),
      );
    const path = from(read.starts) ?? from(all.flatMap(({ starts }) => starts));
    if (path === undefined) throw new Error(`internal: no path to ${reads}`);
    // Where a walk begins to look at a node in another way, it is still the same node.
    const links = path.filter(({ at }, i) => at.node !== path[i - 1]?.at.node);
    return [{ reads, nodes: links.map((link, i) => walkedNode(link, links[i - 1]?.at, graph, read)) }];
  });
}

function metWords(signal: Signal, { node }: Spot, graph: UpdateGraph, { errors, broadcasts }: LayerReads): string {
  const own = wordsOf(node, graph, graph.leaves);
  const leaf = graph.leaves.get(node);
  if (leaf !== undefined && (signal === "weight" || signal === "otherWeight")) {
    const shown = shownBy(leaf).map((index) => layerWords(index, graph));
    return `weights of ${shown.join(", ")}, shown by the ${own ?? ""} to whoever knows by what that pass was changed`;
  }
  if (signal === "broadcast" || broadcasts.has(node)) return "broadcast: at most one number for each example and pass";
  if (errors.has(node)) return "output error";
  return own ?? node.toString();
}

function walkedNode(
  { at: { node, layer }, way }: Link<Spot>,
  before: Spot | undefined,
  graph: UpdateGraph,
  { errors, broadcasts }: LayerReads,
): WhyNode {
  const came =
    before === undefined
      ? changeWords(changedBy(node, graph))
      : way === "next"
        ? nextWords(graph.kept.get(before.node)?.variable)
        : way === "behind"
          ? "what went into it"
          : way === "account"
            ? `what went into it, on account of ${layerWords(layer, graph)}`
            : undefined;
  const named = wordsOf(node, graph, graph.leaves);
  const held = errors.has(node) && named === undefined ? "output error" : undefined;
  return nodeOf(node, [came, named, held, broadcasts.has(node) ? "broadcast" : undefined], leavesOf(graph));
}

/** Messages that arrive from other layers. */
function toMessages({ graph, layer, read }: Asked): Path[] {
  const arrived = arrivedAt(graph, layer, read);
  return [...arrived].flatMap(([message, { kind, from, dimension }]) => {
    if (kind !== "message" || from === undefined) return [];
    const path = shortestPath(
      graph.roots[layer - 1] ?? [],
      function* (node) {
        if (arrived.has(node)) return;
        for (const operand of node.inputs) yield [operand, "operand"] as const;
        if (read.behind.has(node))
          for (const one of graph.leaves.get(node)?.origin ?? []) yield [one, "behind"] as const;
      },
      (node) => node === message,
    );
    const reads = `message from ${from} of ${dimension} numbers for each example`;
    const nodes = path?.map(({ at, way }, i) => {
      const came = i === 0 ? changeWords(changedBy(at, graph)) : way === "behind" ? "what went into it" : undefined;
      return nodeOf(at, [came, wordsOf(at, graph, graph.leaves), at === message ? reads : undefined], leavesOf(graph));
    });
    return nodes === undefined ? [] : [{ reads, nodes }];
  });
}

/** What is forgotten is a share of the weight itself, by no node of the graph. */
function toForgotten({ graph, traced, layer }: Asked): Path[] {
  return (traced.updates.decays ?? []).flatMap(({ parameter: { tensor, owner, kind }, rate }) => {
    if (owner?.index !== layer || kind === "head") return [];
    const own = wordsOf(tensor, graph, graph.leaves) ?? "";
    const reads = `${own}, of which a share of ${rate} is forgotten at each step`;
    return [{ reads, nodes: [nodeOf(tensor, [reads], leavesOf(graph))] }];
  });
}

/** Others of the layer's units, or of a unit's inputs, on which the change at one of them depends. */
function toOthers(
  { graph, layer, read }: Asked,
  questions: readonly (keyof Reach["questions"])[],
  what: "unit" | "input",
): Path[] {
  const reach = new Reach(graph, layer, new Set([...read.errors, ...read.broadcasts]));
  return questions.flatMap((name) => {
    const question = reach.questions[name];
    const ground = reach.groundOf(question);
    const found = foreignWay(reach, question);
    if (found === undefined) return [];
    const { of, other, way } = found;
    const last = way.at(-1)?.at;
    const end = last && wordsOf(last, graph, reach.leaves);
    const reads = `the change at ${what} ${of + 1} depends on ${what} ${other + 1}: ${end ?? ""}`;
    const changed = new Map(ground.outputs.map((output, i) => [output, question.changes[i] ?? output]));
    const nodes = taggedNodes(way, graph, reach.leaves, (node) => changedBy(changed.get(node) ?? node, graph));
    return [{ reads, nodes: noted(nodes, nodes.length - 1, `of ${what} ${other + 1}`) }];
  });
}

function toOtherPositions({ graph, layer, read }: Asked): Path[] {
  const reach = new Reach(graph, layer, new Set([...read.errors, ...read.broadcasts]));
  const { ground, put } = reach.positions;
  const changes = graph.changes[layer - 1] ?? [];
  const changed = new Map(ground.outputs.map((output, i) => [output, changes[i] ?? output]));
  const meeting = meetingPoint(ground, put, Infinity);
  return toMeeting(meeting, "position", { graph, activity: reach.leaves }, (node) =>
    changedBy(changed.get(node) ?? node, graph),
  );
}

function toOtherSamples({ graph, layer }: Asked): Path[] {
  const { registry, batch, plainNext, plainActivity } = graph;
  const put = (node: Tensor) => sampleOf(registry, node);
  const outputs = graph.plain[layer - 1] ?? [];
  const ground = { outputs, kept: [], stops: () => false };
  // Samples of one step, where these meet; else such as are kept from one step to the next.
  const meeting = meetingPoint(ground, put, batch) ?? meetingPoint({ ...ground, kept: keptValues(graph) }, put, batch);
  const changed = new Map([...plainNext].map(([tensor, next]) => [next, graph.kept.get(tensor)?.variable]));
  return toMeeting(meeting, "sample", { graph, activity: plainActivity }, (node) => changed.get(node));
}

/** A graph, and which of its nodes are activity. */
interface Named {
  readonly graph: UpdateGraph;
  readonly activity: ReadonlyMap<Tensor, ActivityLeaf>;
}

const leavesOf = (graph: UpdateGraph): Named => ({ graph, activity: graph.leaves });

/** To where two samples or positions meet, and on to the first activity of the second of them. */
function toMeeting(
  meeting: MeetingPoint | undefined,
  what: "sample" | "position",
  { graph, activity }: Named,
  changed: (node: Tensor) => Variable | undefined,
): Path[] {
  if (meeting === undefined) return [];
  const { at, numbers, way } = meeting;
  const place = way.findIndex((link) => link.at === at);
  const first = way.findIndex(({ at: node }, i) => i > place && (activity.has(node) || graph.kept.has(node)));
  const nodes = taggedNodes(first < 0 ? way : way.slice(0, first + 1), graph, activity, changed);
  const named = numbers?.map((number) => numberWords(number, what)) ?? [];
  const reads = numbers === undefined ? `${what}s meet` : `${named.join(" and ")} meet`;
  const met = noted(nodes, place, `here ${reads}`);
  const last = nodes.length - 1;
  return [{ reads, nodes: last === place ? met : noted(met, last, `of ${named[1] ?? ""}`) }];
}

function numberWords(number: Numbered, what: "sample" | "position"): string {
  return number === "before" ? `a ${what} of a step before` : `${what} ${number}`;
}

function taggedNodes(
  way: readonly Link<Tensor>[],
  graph: UpdateGraph,
  activity: ReadonlyMap<Tensor, ActivityLeaf>,
  changed: (node: Tensor) => Variable | undefined,
): WhyNode[] {
  return way.map(({ at, way: by }, i) => {
    const before = way[i - 1]?.at;
    const came =
      before === undefined
        ? changeWords(changed(at))
        : by === "next"
          ? nextWords(graph.kept.get(before)?.variable)
          : undefined;
    return nodeOf(at, [came, wordsOf(at, graph, activity)], { graph, activity });
  });
}

/** With more words for one of the nodes. */
function noted(nodes: readonly WhyNode[], place: number, words: string): WhyNode[] {
  return nodes.map((node, i) => (i === place ? { ...node, words: [...node.words, words] } : node));
}

/** The value whose change, or next value, a node is. */
function changedBy(node: Tensor, { kept }: UpdateGraph): Variable | undefined {
  return [...kept.values()].find(({ next }) => next === node)?.variable;
}

function nodeOf(node: Tensor, words: readonly (string | undefined)[], { graph, activity }: Named): WhyNode {
  let shown = node;
  // Activity is what computes it.
  for (let leaf = activity.get(shown); leaf !== undefined && is(shown, "input"); leaf = activity.get(shown))
    shown = leaf.expression;
  const kind = graph.kept.get(node)?.variable.kind;
  // No rule has written what is given to every rule.
  const isGiven = kind === "weight" || kind === "bias" || node === graph.labels || node === graph.registry.tokens;
  return {
    primitive: shown.primitive,
    attributes: is(shown, "input") ? "" : attributesText(shown),
    shape: node.shape,
    words: words.filter((one) => one !== undefined),
    place: isGiven ? undefined : originOf(node),
  };
}
