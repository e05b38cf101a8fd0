/** Every rule takes a network that is composed of layers, on real numbers: patches, then dense layers of other activations. */
import { expect, test } from "vitest";
import { compose } from "../networks/index.ts";
import { catalogue, chooseRule } from "../rules/index.ts";
import { exampleLength } from "../tasks/index.ts";
import { buildStep } from "./step.ts";

const shape = { values: "real", positions: 8, channels: 2, classes: 3 } as const;
const network = compose(shape, {
  bias: "shared",
  layers: [
    { kind: "patches", size: 2, width: 6, activation: "tanh" },
    { kind: "patches", size: 2, width: 4, shared: false },
    { kind: "dense", width: 6 },
  ],
});
const optimiser = { kind: "sgd", momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

test.each(catalogue.map(({ id }) => id))("%s", (id) => {
  const step = buildStep({ network, rule: chooseRule({ id }), optimiser, batch: 4 }, exampleLength(shape));
  expect(Object.keys(step.outputs)).toContain("next.readout.weight");
});
