/** What a rule must know does not depend on whether the network sees symbols or real numbers. */
import { expect, test } from "vitest";
import { layOut, type NetworkOptions } from "../../networks/index.ts";
import { catalogue, chooseRule } from "../../rules/index.ts";
import { traceUpdates } from "../../train/index.ts";
import { certificateOf } from "./certificate.ts";

const options = (architecture: NetworkOptions["architecture"]): NetworkOptions => ({
  ...{ architecture, width: 4, widths: [4, 6], activation: "tanh", parametrisation: "standard" },
  ...{ bias: "none", readout: "flatten" },
});

const networks = (["mlp", "tree-cnn"] as const).map((architecture) => ({
  architecture,
  symbols: layOut({ positions: 4, channels: 3, classes: 3, branching: 2 }, options(architecture)),
  real: layOut({ positions: 4, channels: 3, classes: 3, branching: 2, values: "real" }, options(architecture)),
}));

// A tree differs from a perceptron in what stands between the data and the first layer alone: a few rules tell.
const onTrees = ["backprop", "info-nce", "pepita", "infopro", "hebb", "node-perturbation"];

test.each(catalogue.map(({ id }) => id))("%s", (id) => {
  for (const { architecture, symbols, real } of networks) {
    if (architecture === "tree-cnn" && !onTrees.includes(id)) continue;
    const rule = chooseRule({ id });
    const of = (network: typeof real, length: number) =>
      certificateOf(traceUpdates({ network, rule, batch: 3 }, length));
    expect(of(real, 12), architecture).toEqual(of(symbols, 4));
  }
});
