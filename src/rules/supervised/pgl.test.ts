import { describe, expect, test } from "vitest";
import { chooseRule } from "../catalogue.ts";
import { distance, naivePass } from "../testing/naive-pass.contract.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  type NetworkCase,
  networkCase,
  sumToWeight,
  trace,
} from "../testing/rule-cases.contract.ts";

const network = networkCase("tree-cnn", { bias: "shared" });

/** Derivative of the mean cross-entropy by every element of one parameter, by differences of a naive forward pass. */
function slopes(net: NetworkCase, feeds: Feeds, name: string): number[] {
  const loss = (i: number, step: number): number => {
    const { losses } = naivePass(net, { ...feeds, [name]: feeds[name]!.map((w, k) => (k === i ? w + step : w)) });
    return losses.reduce((sum, x) => sum + x, 0) / losses.length;
  };
  return feeds[name]!.map((_, i) => (loss(i, 1e-5) - loss(i, -1e-5)) / 2e-5);
}

describe("periodic global guidance", () => {
  test.each([
    ["greedy", {}],
    ["info-nce", { temperature: 0.5 }],
    ["vicreg", { pair: "context", projector: "linear" }],
  ])("over %s: steps 1 to T - 1 are local, step T is backpropagation's, heads always learn", (local, localOptions) => {
    const traced = trace(network, { id: "pgl", local, localOptions, period: 3 });
    const feeds = drawFeeds(traced, 1);
    expect(feeds["pgl.step"]).toEqual([1]);
    const own = evaluate(trace(network, { id: local, ...localOptions }), feeds).gradients;
    const global = evaluate(trace(network, { id: "backprop" }), feeds).gradients;
    let step = [1];
    for (let t = 1; t <= 7; t++) {
      const { gradients, next } = evaluate(traced, { ...feeds, "pgl.step": step });
      expect(new Set(Object.keys(gradients))).toEqual(new Set([...Object.keys(own), ...Object.keys(global)]));
      for (const [name, values] of Object.entries(gradients)) {
        const still = values.map(() => 0);
        const wanted = t % 3 === 0 && name in global ? global[name] : (own[name] ?? still);
        expect(values, `step ${t}, ${name}`).toEqual(wanted);
      }
      step = next["pgl.step"]!;
    }
  });

  test("a batch of one, on every architecture, against a loop for the local rule and differences of the loss for the global one", () => {
    for (const architecture of ["mlp", "tree-cnn", "locally-connected"] as const) {
      const net = networkCase(architecture, { symbols: 4, activation: "tanh", bias: "shared" });
      const traced = trace(net, { id: "pgl", local: "hebb", localOptions: { weightNorm: "none" }, period: 2 }, 1);
      const feeds = drawFeeds(traced, 1);
      const [local, global] = [1, 2].map((step) => evaluate(traced, { ...feeds, "pgl.step": [step] }));
      for (const values of local!.layers) {
        const { layer, pre, preactivation } = values;
        // Plain Hebb: <y x>, over the one sample and the positions that share the weight.
        const sites = layer.shared ? layer.positions : 1;
        const wanted = sumToWeight(values, (b, p, i, j) => (-preactivation[b]![p]![j]! * pre[b]![p]![i]!) / sites);
        expect(distance(local!.gradients[`layer${layer.index}.weight`]!, wanted)).toBeLessThan(1e-9);
      }
      for (const [name, values] of Object.entries(global!.gradients))
        expect(distance(values, slopes(net, feeds, name)), name).toBeLessThan(1e-6);
    }
  });

  test("period 1 is the global rule", () => {
    const feeds = drawFeeds(trace(network, { id: "greedy" }), 1);
    const { gradients } = evaluate(trace(network, { id: "pgl", period: 1 }), { ...feeds, "pgl.step": [1] });
    const global = evaluate(trace(network, { id: "backprop" }), feeds).gradients;
    expect(gradients).toMatchObject(global);
  });

  test("the state of a rule inside is kept", () => {
    const localOptions = { sequence: "one-by-one", stepsPerLayer: 5 };
    const traced = trace(network, { id: "pgl", localOptions });
    const { next } = evaluate(traced, drawFeeds(traced, 1));
    expect(next).toEqual({ "turn.step": [1], "pgl.step": [2] });
  });

  test("an unknown rule or option inside is refused with the nearest name", () => {
    expect(() => chooseRule({ id: "pgl", local: "gredy" })).toThrow('got "gredy"; did you mean "greedy"?');
    expect(() => chooseRule({ id: "pgl", localOptions: { pool: "mean" } })).toThrow(
      "rule.pool: expected an option of greedy",
    );
    expect(() => chooseRule({ id: "pgl", local: "pgl" })).toThrow('got "pgl"');
  });

  test("a local rule that changes what layers pass on is refused", () => {
    expect(() => trace(network, { id: "pgl", local: "scff" })).toThrow(
      'rule pgl: expected a local rule that passes activity on as it is, got "scff"',
    );
    expect(() => trace(network, { id: "pgl", local: "scff", localOptions: { normalise: false } })).not.toThrow();
  });
});
