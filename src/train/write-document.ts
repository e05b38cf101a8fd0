/** Runs a rule on a network, once, and writes down what it made of it. */
import { type ReadStack, recordingOrigins, type Tensor, toData } from "../graph/index.ts";
import { type Layer, type Network, samplesShape } from "../networks/index.ts";
import {
  type Between,
  type ChosenRule,
  type RuleDocument,
  RuleError,
  traceRule,
  type TraceRequest,
  Workspace,
} from "../rules/index.ts";
import { passedOn, sealed } from "./between.ts";
import { encoder, registryFor } from "./inputs.ts";
import { evaluatedBatches } from "./sizes.ts";

/**
 * The document of a rule; with where its nodes were written, by what `read` finds in the stack, where that is given. Throws RuleError when
 * the rule refuses the network, and whatever the rule throws.
 */
export function writeDocument(chosen: ChosenRule, request: TraceRequest, read?: ReadStack): RuleDocument {
  return read === undefined
    ? written(chosen, request, false)
    : recordingOrigins(read, () => written(chosen, request, true));
}

function written(chosen: ChosenRule, request: TraceRequest, origins: boolean): RuleDocument {
  const { rule, options } = chosen;
  const { batch, length } = request;
  // The rule's own copy: what it does to it bears on nothing else.
  const network = frozenCopy(request.network);
  const given = rule.between(options);
  const between = given && sealed(rule.id, given);
  const workspace = workspaceFor({ network, batch, length }, between);
  const { slopes, next = [], objectives = [], decays = [] } = traceRule(chosen, workspace);
  const { registry } = workspace;
  const own = registry.variables.filter(({ kind }) => kind !== "weight" && kind !== "bias");
  const sizes = [...new Set([batch, ...evaluatedBatches])];
  return {
    batch,
    length,
    variables: own.map(({ name, kind, owner, learningRate, shape, initial }) => ({
      ...{ name, kind: kind as "head" | "fixed" | "state", owner: indexOf(owner), learningRate },
      ...{ shape: [...shape], initial },
    })),
    noises: registry.noises.map(({ name, shape, distribution, owner }) => ({
      ...{ name, shape: [...shape], distribution, owner: indexOf(owner) },
    })),
    partners: registry.partners.map(({ request: partner }) => partner),
    slopes: slopes.map(({ parameter }) => parameter.name),
    next: next.map(({ state }) => state.name),
    objectives: objectives.map(({ of, name }) => ({ of: indexOf(of?.layer), name })),
    updates: toData(
      tensors(rule.id, [
        ...slopes.map(({ gradient }) => gradient),
        ...next.map(({ value }) => value),
        ...objectives.map(({ value }) => value),
      ]),
      { origins },
    ),
    decays: decays.map(({ parameter, rate }) => ({ parameter: parameter.name, rate })),
    between:
      given === undefined
        ? []
        : sizes.map((size) => ({ batch: size, layers: betweenLayers(rule.id, network, given, size) })),
    scores: evaluatedBatches.flatMap((size) => {
      const scores = rule.scores(workspaceFor({ network, batch: size, length }, between), options);
      return scores === undefined ? [] : [{ batch: size, graph: toData(tensors(rule.id, [scores])) }];
    }),
  };
}

/** Of plain data. By the language alone: where rule files run there is no structuredClone. */
function frozenCopy<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  return Object.freeze(Object.fromEntries(Object.entries(value).map(([name, part]) => [name, frozenCopy(part)]))) as T;
}

/** What a rule sees of a batch. */
export function workspaceFor({ network, batch, length }: TraceRequest, between: Between | undefined): Workspace {
  const { registry, parameters } = registryFor(network, batch, length);
  return new Workspace({ network, registry, parameters, encode: encoder(network), between });
}

function indexOf(layer: Layer | undefined): number | null {
  return layer?.index ?? null;
}

/** What each layer passes on of a batch. */
function betweenLayers(rule: string, network: Network, between: Between, batch: number) {
  return network.layers.map((layer) => {
    const output = samplesShape(layer, batch, layer.outFeatures);
    const shapes = { pre: samplesShape(layer, batch, layer.inFeatures), preactivation: output, post: output };
    return passedOn(rule, between, layer, shapes);
  });
}

/** A rule may return anything where a tensor is expected. */
function tensors(rule: string, values: readonly Tensor[]): readonly Tensor[] {
  for (const value of values as readonly unknown[]) {
    if (typeof value !== "object" || value === null || !("primitive" in value))
      throw new RuleError(`rule ${rule}: expected a tensor, got ${value === null ? "null" : typeof value}`);
  }
  return values;
}
