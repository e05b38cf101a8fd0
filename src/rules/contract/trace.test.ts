/** What a rule may not return, and may not ask for, by the text of the refusal. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { full, input, type Tensor } from "../../graph/index.ts";
import { networkCase, refuseAsRun, trace } from "../testing/rule-cases.contract.ts";
import {
  constantly,
  defineRule,
  Registry,
  RuleError,
  type Slope,
  State,
  type Updates,
  type Variable,
  type Workspace,
} from "./index.ts";

const network = networkCase("tree-cnn", { bias: "shared" });

/** A rule that is nothing but its trace. */
const rule = (of: (workspace: Workspace) => Updates) =>
  defineRule(
    { id: "test", family: "test", equation: "", source: "", relation: "none", reads: [], options: z.strictObject({}) },
    of,
  )();

const slopeOf = (parameter: Variable, gradient: Tensor = full(0, parameter.shape)): Slope => ({
  parameter: parameter as Slope["parameter"],
  gradient,
});
const weightOf = ({ layers }: Workspace): Variable => layers[0]!.parameters[0]!;

const refusals: readonly (readonly [string, (workspace: Workspace) => Updates, string])[] = [
  [
    "a pseudo-gradient of another shape",
    (workspace) => ({ slopes: [slopeOf(weightOf(workspace), full(0, [2, 3]))] }),
    'expected a pseudo-gradient of "layer1.weight" of shape [6, 5], got [2, 3]',
  ],
  [
    "two pseudo-gradients of one parameter",
    (workspace) => ({ slopes: [slopeOf(weightOf(workspace)), slopeOf(weightOf(workspace))] }),
    'expected one pseudo-gradient of "layer1.weight", got two; add them up',
  ],
  [
    "a pseudo-gradient of the read-out",
    ({ readout }) => ({ slopes: [slopeOf(readout.parameters[0]!)] }),
    'expected a pseudo-gradient of one of its own, got "readout.weight" (weight), which is not for it to change',
  ],
  [
    "a pseudo-gradient of a fixed value",
    ({ layers, registry }) => {
      layers[0]!.fixed("matrix", [2, 2], 0);
      return { slopes: [slopeOf(registry.variables.at(-1)!)] };
    },
    'expected a pseudo-gradient of one of its own, got "layer1.matrix" (fixed), which is not for it to change',
  ],
  [
    "a pseudo-gradient of a state",
    ({ layers }) => {
      const state = layers[0]!.perUnit("threshold", 0);
      return { slopes: [slopeOf(state.variable)], next: [state.becomes(state.now)] };
    },
    'expected a pseudo-gradient of one of its own, got "layer1.threshold" (state), which is not for it to change',
  ],
  [
    "a pseudo-gradient of what another registry keeps",
    ({ registry }) => {
      const other = new Registry(registry.tokens, registry.labels, []);
      return { slopes: [slopeOf(other.keep({ name: "head", kind: "head", shape: [2], initial: constantly(0) }))] };
    },
    'expected a pseudo-gradient of one of its own, got "head" (head), which is not for it to change',
  ],
  [
    "a next value of a parameter",
    (workspace) => ({ slopes: [], next: [new State(weightOf(workspace)).becomes(full(0, [6, 5]))] }),
    'expected a next value of one of its own, got "layer1.weight" (weight), which is not for it to change',
  ],
  [
    "a next value of another shape",
    (workspace) => ({ slopes: [], next: [workspace.state("step", [], 0).becomes(full(0, [1]))] }),
    'expected a next value of "step" of shape [], got [1]',
  ],
  [
    "two next values of one state",
    (workspace) => {
      const step = workspace.state("step", [], 0);
      return { slopes: [], next: [step.becomes(step.now), step.becomes(step.now)] };
    },
    'expected one next value of "step", got two; add them up',
  ],
  [
    "a state without a next value",
    (workspace) => ({ slopes: [slopeOf(weightOf(workspace), workspace.state("step", [], 0).now.broadcastTo([6, 5]))] }),
    'expected the next value of state "step" in next, got none',
  ],
  [
    "a state that is asked for and not used",
    (workspace) => {
      workspace.state("unused", [2], 0);
      return { slopes: [] };
    },
    'expected the next value of state "unused" in next, got none',
  ],
  ...(["slopes", "next", "objectives"] as const).map(
    (where) =>
      [
        `an input of its own in ${where}`,
        (workspace: Workspace): Updates => {
          const own = input("mine", []);
          if (where === "slopes") return { slopes: [slopeOf(weightOf(workspace), own.broadcastTo([6, 5]))] };
          if (where === "objectives") return { slopes: [], objectives: [{ of: undefined, name: "own", value: own }] };
          return { slopes: [], next: [workspace.state("step", [], 0).becomes(own)] };
        },
        'expected a graph over the inputs of its workspace, got an input of its own, "mine"; ask for it by state, fixed, head or noise',
      ] as const,
  ),
  [
    "an input that is named like one of the workspace's, but is another",
    (workspace) => ({ slopes: [slopeOf(weightOf(workspace), input("layer1.weight", [6, 5]))] }),
    'expected a graph over the inputs of its workspace, got an input of its own, "layer1.weight"; ask for it by state, fixed, head or noise',
  ],
  [
    "decay of a fixed value",
    ({ layers, registry }) => {
      layers[0]!.fixed("matrix", [2, 2], 0);
      return { slopes: [], decays: [{ parameter: slopeOf(registry.variables.at(-1)!).parameter, rate: 0.1 }] };
    },
    'expected a decay of what learns, got one of "layer1.matrix" (fixed), which has no pseudo-gradient',
  ],
  [
    "decay of a weight that does not learn",
    (workspace) => ({ slopes: [], decays: [{ parameter: slopeOf(weightOf(workspace)).parameter, rate: 0.1 }] }),
    'expected a decay of what learns, got one of "layer1.weight" (weight), which has no pseudo-gradient',
  ],
  [
    "two decays of one parameter",
    (workspace) => {
      const decay = { parameter: slopeOf(weightOf(workspace)).parameter, rate: 0.1 };
      return { slopes: [slopeOf(weightOf(workspace))], decays: [decay, decay] };
    },
    'expected one decay of "layer1.weight", got two; add them up',
  ],
];

describe("a rule is refused that returns", () => {
  test.each(refusals)("%s", (_, of, message) => {
    expect(() => refuseAsRun(network, rule(of))).toThrow(new RuleError(`rule test: ${message}`));
  });
});

test("what a rule may return: nothing; slopes of hidden layers and heads; states; and decays, of the read-out too", () => {
  expect(
    trace(
      network,
      rule(() => ({ slopes: [] })),
    ).updates,
  ).toEqual({ slopes: [], next: [], objectives: [], decays: [] });
  const traced = trace(
    network,
    rule(({ layers, readout, registry }) => {
      const state = layers[1]!.perUnit("threshold", 1);
      const [weight, bias] = readout.parameters;
      layers[0]!.head("head", [3], 0);
      const head = registry.variables.find(({ name }) => name === "layer1.head")!;
      return {
        slopes: [...layers.flatMap(({ parameters }) => parameters), head].map((parameter) => slopeOf(parameter)),
        next: [state.follows(full(3, state.now.shape), 0.5)],
        objectives: [{ of: layers[0], name: "size", value: layers[0]!.weight.sum() }],
        decays: [weight!, bias!, layers[0]!.parameters[0]!].map((parameter) => ({ parameter, rate: 0.1 })),
      };
    }),
  );
  expect(Object.keys(traced.gradients)).toEqual([
    "layer1.weight",
    "layer1.bias",
    "layer2.weight",
    "layer2.bias",
    "layer1.head",
  ]);
  expect(Object.keys(traced.next)).toEqual(["layer2.threshold"]);
  expect(Object.keys(traced.objectives)).toEqual(["layer1.size"]);
});
