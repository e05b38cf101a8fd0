/**
 * Reads what a rule made of a network from its document, over inputs that are registered here: what is audited and what is executed.
 *
 * Nothing is taken at its word. A graph may have no input but the registered ones, by their names; an update changes what is the
 * rule's to change, once; every state has one next value, and nothing else has any.
 */
import { type GraphData, is, sameShape, type Shape, Tensor } from "../graph/index.ts";
import { allLayers, type Layer, type Network } from "../networks/index.ts";
import {
  type Between,
  type ChosenRule,
  documentSchema,
  type LayerView,
  type Parameter,
  type RuleDocument,
  RuleError,
  type TraceRequest,
  type Updates,
  type Variable,
  type Workspace,
} from "../rules/index.ts";
import { overActivity } from "./between.ts";
import { refuseConstants } from "./constants.ts";
import { refuseKeptName, refuseObjectiveName, refuseTwice } from "./names.ts";
import { readGraph } from "./read-graph.ts";
import { workspaceFor } from "./write-document.ts";

/** A rule's updates on a batch, before optimiser and simplification: what is audited, and what the step is made of. */
export interface TracedUpdates {
  readonly network: Network;
  readonly rule: ChosenRule;
  readonly document: RuleDocument;
  /** What layers pass on in the network's own passes, where it is not their activity. */
  readonly between: Between | undefined;
  readonly workspace: Workspace;
  readonly updates: Updates;
}

/** What a document says. Throws RuleError for one that is not the document of a rule on this network and batch. */
export function readDocument(rule: ChosenRule, given: unknown, request: TraceRequest): TracedUpdates {
  const { id } = rule.rule;
  const document = checked(id, given, request);
  const { network, batch } = request;
  const widest = Math.max(
    batch,
    ...allLayers(network).flatMap(({ inFeatures, outFeatures }) => [inFeatures, outFeatures]),
  );
  refuseConstants(id, document, widest, rule.rule.constants);
  const between = betweenOf(id, document, network, batch);
  const workspace = workspaceFor(request, between);
  refuseOtherSizes(id, document);
  const { registry } = workspace;
  const layers = allLayers(network);
  const ownerOf = (index: number | null): Layer | undefined => {
    const layer = index === null ? undefined : layers[index - 1];
    if (index !== null && layer === undefined)
      throw new RuleError(`rule ${id}: expected a layer from 1 to ${layers.length}, got ${index}`);
    return layer;
  };
  refuseTwice(
    id,
    [...registry.variables, ...document.variables].map(({ name }) => name),
  );
  for (const { owner, ...kept } of document.variables) {
    refuseKeptName(id, kept.name);
    registry.keep({ ...kept, owner: ownerOf(owner) });
  }
  for (const { name, owner, ...noise } of document.noises)
    registry.noise({ ...noise, name: name.slice("noise.".length), owner: ownerOf(owner) });
  for (const partner of document.partners) registry.partner(partner);

  const inputs = new Map(
    [
      ...[registry.tokens, registry.labels, ...registry.partners.map(({ tokens }) => tokens)],
      ...[...registry.variables, ...registry.noises].map(({ tensor }) => tensor),
    ].map((tensor) => [nameOf(tensor), tensor]),
  );
  for (const { batch: size } of document.scores)
    scoresOf(id, document, judgingWorkspace(id, document, { ...request, batch: size }));
  const values = readGraph(id, "updates", document.updates, (name) => inputs.get(name));
  return { network, rule, document, between, workspace, updates: updatesOf(id, document, workspace, values, ownerOf) };
}

/** The workspace of a batch of any size on which a network is judged: its own passes, and what its layers pass on. */
export function judgingWorkspace(id: string, document: RuleDocument, request: TraceRequest): Workspace {
  return workspaceFor(request, betweenOf(id, document, request.network, request.batch));
}

/** Scores of the classes that a rule gives instead of the read-out, over symbols and what is trained and kept. Throws RuleError where they read more. */
export function scoresOf(
  id: string,
  document: RuleDocument,
  { registry, network, batch }: Workspace,
): Tensor | undefined {
  if (document.scores.length === 0) return undefined;
  const kept = new Map(registry.variables.map(({ name, tensor }) => [name, tensor]));
  for (const { name, shape } of document.variables) if (!kept.has(name)) kept.set(name, keptInput(name, shape));
  const graph = document.scores.find((one) => one.batch === batch)?.graph;
  const [scores] = readGraph(id, "scores", graph, (name) =>
    name === nameOf(registry.tokens) ? registry.tokens : kept.get(name),
  );
  const { classes } = network.readout;
  if (scores?.rank !== 2 || scores.size(0) !== batch || scores.size(1) !== classes)
    throw new RuleError(
      `rule ${id}: expected scores of ${batch} examples for ${classes} classes, got ${String(scores)}`,
    );
  return scores;
}

const keptInput = (name: string, shape: Shape): Tensor => Tensor.of("input", { name, shape, dtype: "float32" });

function checked(id: string, given: unknown, { batch, length, network }: TraceRequest): RuleDocument {
  const result = documentSchema.safeParse(given);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new RuleError(`rule ${id}: ${issue?.path.map(String).join(".") ?? ""}: ${issue?.message ?? "no document"}`);
  }
  if (result.data.batch !== batch || result.data.length !== length)
    throw new RuleError(
      `rule ${id}: expected a graph for ${batch} inputs of ${length} ${network.input.values === "symbols" ? "symbols" : "numbers"}, got another`,
    );
  return result.data;
}

/** Throws where what layers pass on, or the scores, are written otherwise for another size of batch: a network is judged as it was trained. */
function refuseOtherSizes(id: string, { between, scores }: RuleDocument): void {
  const differ = (graphs: readonly (readonly GraphData[])[]): boolean =>
    new Set(graphs.map((own) => own.map(writing).join("\n"))).size > 1;
  if (differ(between.map(({ layers }) => layers)))
    throw new RuleError(
      `rule ${id}: expected layers to pass on the same in batches of every size, got other expressions`,
    );
  if (differ(scores.map(({ graph }) => [graph])))
    throw new RuleError(`rule ${id}: expected the same scores in batches of every size, got other expressions`);
}

/** An expression without its sizes: operations, what they are applied to, and the numbers in its constants. */
function writing({ nodes }: GraphData): string {
  return nodes
    .map(([primitive, attributes, operands]) => {
      const { values = [], name = "" } = attributes as { readonly values?: readonly unknown[]; readonly name?: string };
      return [primitive, name, operands.join(), ...new Set(values)].join(" ");
    })
    .join(";");
}

function betweenOf(id: string, { between }: RuleDocument, network: Network, batch: number): Between | undefined {
  if (between.length === 0) return undefined;
  const graphs = between.find((one) => one.batch === batch)?.layers;
  if (graphs?.length !== network.layers.length)
    throw new RuleError(`rule ${id}: expected what each layer passes on for ${batch} inputs, found none`);
  return (layer, here) => overActivity(id, layer, graphs[layer.index - 1], here);
}

function nameOf(leaf: Tensor): string {
  if (!is(leaf, "input")) throw new Error("internal: a registered value that is no input");
  return leaf.attributes.name;
}

function updatesOf(
  id: string,
  { slopes, next, objectives, decays }: RuleDocument,
  { registry, layers, readout }: Workspace,
  values: readonly Tensor[],
  ownerOf: (index: number | null) => Layer | undefined,
): Updates {
  const refuse = (what: string): never => {
    throw new RuleError(`rule ${id}: ${what}`);
  };
  if (values.length !== slopes.length + next.length + objectives.length)
    refuse(
      `expected an output for each of ${slopes.length + next.length + objectives.length} values, got ${values.length}`,
    );
  const variable = (name: string, what: string): Variable =>
    registry.variables.find((one) => one.name === name) ??
    refuse(`expected a ${what} of one of its own, got "${name}"`);
  const valueAt = (place: number): Tensor => values[place] ?? refuse("expected a value for each output");
  const changed = new Set<Variable>();
  const claim = (name: string, { shape, dtype }: Tensor, kinds: readonly string[], what: string): Variable => {
    const own = variable(name, what);
    const isReadout = own.kind !== "head" && own.owner !== undefined && own.owner.index > layers.length;
    if (!kinds.includes(own.kind) || isReadout)
      refuse(`expected a ${what} of one of its own, got "${name}" (${own.kind}), which is not for it to change`);
    if (changed.has(own)) refuse(`expected one ${what} of "${name}", got two; add them up`);
    changed.add(own);
    if (!sameShape(shape, own.shape) || dtype !== "float32")
      refuse(`expected a ${what} of "${name}" of shape [${own.shape.join(", ")}], got [${shape.join(", ")}]`);
    return own;
  };
  const learning = slopes.map((name, i) => {
    const gradient = valueAt(i);
    return { parameter: claim(name, gradient, ["weight", "bias", "head"], "pseudo-gradient") as Parameter, gradient };
  });
  const changing = next.map((name, i) => {
    const value = valueAt(slopes.length + i);
    return { state: claim(name, value, ["state"], "next value"), value };
  });
  for (const one of registry.variables) {
    if (one.kind === "state" && !changed.has(one))
      refuse(`expected the next value of state "${one.name}" in next, got none`);
  }
  const views: readonly LayerView[] = [...layers, readout];
  const scalars = objectives.map(({ of, name }, i) => {
    const value = valueAt(slopes.length + next.length + i);
    if (value.rank !== 0 || value.dtype !== "float32")
      refuse(`expected the objective "${name}" to be a scalar, got ${value.toString()}`);
    const owner = ownerOf(of);
    refuseObjectiveName(id, name);
    return { of: owner === undefined ? undefined : views[owner.index - 1], name, value };
  });
  refuseTwice(id, [...objectives.map(({ of, name }) => (of === null ? name : `${ownerOf(of)?.name ?? ""}.${name}`))]);
  const forgetful = decays.map(({ parameter: name, rate }) => {
    const parameter = variable(name, "decay") as Parameter;
    if (!learning.some((slope) => slope.parameter === parameter) && !readout.parameters.includes(parameter))
      refuse(`expected a decay of what learns, got one of "${name}" (${parameter.kind}), which has no pseudo-gradient`);
    if (!(rate >= 0 && rate < 1))
      refuse(`expected the decay of "${name}" to be a share from 0 to below 1, got ${rate}`);
    return { parameter, rate };
  });
  const twice = forgetful.find(({ parameter }, i) => forgetful.findIndex((one) => one.parameter === parameter) !== i);
  if (twice !== undefined) refuse(`expected one decay of "${twice.parameter.name}", got two; add them up`);
  return { slopes: learning, next: changing, objectives: scalars, decays: forgetful };
}
