import { describe, expect, test } from "vitest";
import { buildStep, type Model } from "../../train/step.ts";
import { modelled, smallModel } from "./cases.contract.ts";
import { batchOperations, totalOperations, updateOperations } from "./operations.ts";
import { probeGraph } from "./probe.ts";

const weightsOf = (model: Model, length: number): number[] =>
  probeGraph(buildStep(model, length)).layers.map(({ weights }) => weights);

describe("one example through a ReLU network of 16, 5, 7 and 3 units", () => {
  const widths = { widths: [5, 7], activation: "relu", batch: 1 } as const;

  test("backprop: an outer product a layer, the transposes on the way back, gates, and the output error", () => {
    const model = smallModel({ id: "backprop" }, widths);
    const [error, readout] = [4 * 3 + 3, 2 * 7 * 3];
    const [top, bottom] = [7 * 2 + 2 * 5 * 7, 2 * 7 * 5 + 5 * 2 + 2 * 16 * 5];
    const { forward, update, layers } = updateOperations(buildStep(model, 4), weightsOf(model, 4));
    expect(update).toBe(error + readout + top + bottom);
    // The cost model counts a bias that is added within the product twice.
    expect(forward).toBe(2 * 16 * 5 + 5 + 2 * 5 * 7 + 7 + 2 * 7 * 3 + 2 * 3);
    // Error, read-out and the top layer's gate serve both layers, which have 80 and 35 weights.
    const shared = error + readout + 7 * 2;
    expect(layers[0]).toBeCloseTo(bottom + (shared * 80) / 115, 9);
    expect(layers[1]).toBeCloseTo(2 * 5 * 7 + (shared * 35) / 115, 9);
  });

  test("direct feedback alignment: each layer hears the output error by a product of its own", () => {
    const model = smallModel({ id: "direct-feedback-alignment" }, widths);
    const layer = (inputs: number, units: number): number => 2 * 3 * units + 2 * units + 2 * inputs * units;
    expect(totalOperations(buildStep(model, 4))).toBe(4 * 3 + 3 + layer(16, 5) + layer(5, 7));
  });
});

test.each(["backprop", "kolen-pollack", "predictive-coding", "deep-targets", "info-nce", "weight-perturbation"])(
  "the parts of %s add up",
  (id) => {
    const model = smallModel({ id }, { architecture: "tree-cnn", widths: [6, 4] });
    const { update, layers } = updateOperations(buildStep(model, 4), weightsOf(model, 4));
    expect(layers.reduce((sum, operations) => sum + operations, 0)).toBeCloseTo(update, 6);
    expect(totalOperations(buildStep(model, 4))).toBe(update);
    expect(update).toBeGreaterThan(0);
  },
);

test("feedback weights that learn are paid for, a layer that does not learn is not", () => {
  const cost = (id: string): number => totalOperations(buildStep(smallModel({ id }), 4));
  expect(cost("kolen-pollack")).toBeGreaterThan(cost("feedback-alignment"));
  // With one layer the only feedback is the read-out's, which belongs to no layer.
  const single = (id: string): number => totalOperations(buildStep(smallModel({ id }, { widths: [5] }), 4));
  expect(single("adaptive-feedback") - single("feedback-alignment")).toBeGreaterThanOrEqual(2 * 3 * 5 * 3);
  expect(cost("frozen")).toBe(0);
});

describe("growth with the batch", () => {
  test.each(["backprop", "direct-feedback-alignment", "weight-perturbation"])("%s: a straight line", (id) => {
    const model = smallModel({ id }, { batch: 50 });
    const { fixed, perExample } = batchOperations(modelled(model, 4))!;
    expect(fixed + 300 * perExample).toBe(totalOperations(buildStep({ ...model, batch: 300 }, 4)));
    expect(fixed).toBeGreaterThanOrEqual(0);
  });

  test("noise on weights is drawn up once for the batch: three operations a weight", () => {
    const model = smallModel({ id: "weight-perturbation" });
    const weights = 16 * 5 + 5 * 5;
    expect(batchOperations(modelled(model, 4))!.fixed).toBeGreaterThanOrEqual(3 * weights);
    expect(batchOperations(modelled(model, 4))!.fixed).toBeLessThan(3 * weights + 10);
  });

  test("samples that are compared with each other: none", () => {
    expect(batchOperations(modelled(smallModel({ id: "info-nce" }), 4))).toBeUndefined();
  });
});

test("a layer shared over positions costs each of its weights once a position", () => {
  const perWeight = (architecture: "tree-cnn" | "locally-connected"): number => {
    const model = smallModel({ id: "direct-feedback-alignment" }, { architecture, symbols: 8, widths: [9], batch: 1 });
    const { operations, weights } = {
      operations: totalOperations(buildStep(model, 8)),
      weights: weightsOf(model, 8)[0]!,
    };
    expect(model.network.layers[0]!.positions).toBe(4);
    return operations / weights;
  };
  expect(perWeight("tree-cnn") / perWeight("locally-connected")).toBeCloseTo(4, 6);
});
