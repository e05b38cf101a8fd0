/**
 * Every rule's numbers, as they were before rules were freed of geometry: three steps of plain SGD with momentum on three networks, in
 * float64. `testing/golden.json` holds, for each rule with its default options (`options` says what else was set), the losses and of
 * every value after the third step its length and its product with cos 1, cos 2, ...; `changed` says why a rule's numbers are those
 * of a later day.
 */
import { describe, expect, test } from "vitest";
import { is, sizeOf, topological } from "../graph/index.ts";
import { layOut, type NetworkOptions } from "../networks/index.ts";
import { stream } from "../random/stream.ts";
import { interpret } from "../runtime/interpreter.ts";
import { drawInitial, parametersOf } from "../train/parameters.ts";
import { buildStep } from "../train/step.ts";
import { catalogue, chooseRule } from "./index.ts";
import golden from "./testing/golden.json" with { type: "json" };

interface Golden {
  readonly options: Readonly<Record<string, unknown>>;
  readonly changed?: string;
  readonly networks: Readonly<
    Record<
      string,
      { readonly losses: readonly number[]; readonly outputs: Readonly<Record<string, readonly number[]>> }
    >
  >;
}

const settings: Readonly<Record<string, { readonly symbols: number; readonly options: NetworkOptions }>> = {
  mlp: {
    symbols: 4,
    options: {
      architecture: "mlp",
      width: 5,
      widths: [5, 4],
      activation: "tanh",
      parametrisation: "mean-field",
      bias: "shared",
      readout: "flatten",
    },
  },
  tree: {
    symbols: 8,
    options: {
      architecture: "tree-cnn",
      width: 5,
      widths: [4, 6],
      activation: "relu",
      parametrisation: "standard",
      bias: "none",
      readout: "flatten",
    },
  },
  local: {
    symbols: 4,
    options: {
      architecture: "locally-connected",
      width: 5,
      widths: [4, 6],
      activation: "relu",
      parametrisation: "standard",
      bias: "per-position",
      readout: "mean",
    },
  },
};
const [batch, classes, vocabulary] = [5, 4, 3];
const optimiser = { kind: "sgd", momentum: 0.9, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0 } as const;

/** Three steps of a rule: losses, and the values after the last. */
function threeSteps(id: string, options: Golden["options"], name: string) {
  const { symbols, options: layout } = settings[name]!;
  const network = layOut({ positions: symbols, channels: vocabulary, classes, branching: 2 }, layout);
  const graph = buildStep({ network, rule: chooseRule({ ...options, id }), optimiser, batch }, symbols);
  const outputs = Object.entries(graph.outputs);
  const inputs = topological(Object.values(graph.outputs)).flatMap((node) =>
    is(node, "input") ? [node.attributes] : [],
  );
  const state: Record<string, readonly number[]> = {};
  for (const parameter of parametersOf(network)) {
    const random = stream(1, `p ${parameter.name}`);
    const deviation = parameter.initial.kind === "normal" ? parameter.initial.deviation : 0.3;
    state[parameter.name] = Array.from({ length: sizeOf(parameter.shape) }, () => deviation * random.normal());
  }
  for (const variable of graph.variables)
    state[variable.name] = [...drawInitial(variable, stream(1, `init ${variable.name}`))];
  const losses: number[] = [];
  for (let step = 1; step <= 3; step++) {
    const feeds: Record<string, readonly number[]> = {};
    for (const { name: input, shape } of inputs) {
      feeds[input] = state[input] ?? drawn(input, sizeOf(shape), step, graph.noises);
    }
    const values = interpret(
      outputs.map(([, tensor]) => tensor),
      feeds,
    );
    outputs.forEach(([output], i) => {
      if (output === "loss") losses.push(values[i]!.values[0]!);
      if (output.startsWith("next.")) state[output.slice("next.".length)] = [...values[i]!.values];
    });
  }
  return { losses, state };
}

/** What a step is fed. */
function drawn(
  name: string,
  size: number,
  step: number,
  noises: readonly { readonly name: string; readonly distribution: string }[],
): number[] {
  const integers = (purpose: string, below: number): number[] => {
    const random = stream(step, purpose);
    return Array.from({ length: size }, () => random.integer(below));
  };
  if (name === "tokens") return integers("tokens", vocabulary);
  if (name === "labels") return integers("labels", classes);
  if (name.startsWith("partner.")) return integers("partner", vocabulary);
  if (name === "learningRate") return [0.05];
  if (name === "readoutLearningRate") return [0.02];
  const distribution = noises.find((noise) => noise.name === name)?.distribution;
  if (distribution === undefined) return new Array<number>(size).fill(0);
  const random = stream(step, name);
  if (distribution === "permutation") return [...random.permutation(size)];
  const draw = { normal: random.normal, uniform: random.uniform, sign: () => (random.uniform() < 0.5 ? -1 : 1) };
  return Array.from({ length: size }, draw[distribution as keyof typeof draw]);
}

const recorded = golden as Readonly<Record<string, Golden>>;

describe("rules compute what they computed before", () => {
  test("every rule of the catalogue is recorded", () => {
    expect(Object.keys(recorded).sort()).toEqual(catalogue.map(({ id }) => id).sort());
  });

  test.each(Object.entries(recorded))("%s", (id, { options, networks }) => {
    for (const [name, { losses, outputs }] of Object.entries(networks)) {
      const found = threeSteps(id, options, name);
      found.losses.forEach((loss, i) => expect(Math.abs(loss - losses[i]!), `${name}: loss`).toBeLessThan(1e-12));
      for (const [output, [length = 0, product = 0]] of Object.entries(outputs)) {
        const values = found.state[output] ?? [];
        const own = Math.sqrt(values.reduce((sum, x) => sum + x * x, 0));
        const along = values.reduce((sum, x, k) => sum + x * Math.cos(k + 1), 0);
        const size = Math.max(1, length);
        expect(Math.abs(own - length) / size, `${name}: length of ${output}`).toBeLessThan(1e-12);
        expect(Math.abs(along - product) / size, `${name}: ${output}`).toBeLessThan(1e-11);
      }
    }
  });
});
