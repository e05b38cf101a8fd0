/** Certificates against what really moves the updates of rules, found by moving it. */
import { describe, expect, test } from "vitest";
import { catalogue, chooseRule } from "../../rules/index.ts";
import { networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { certify } from "../certificate/certificate.ts";
import { contradictions } from "./contradictions.contract.ts";
import { factsOf } from "./facts.contract.ts";
import { hiddenRules } from "./hidden-rules.contract.ts";

const tree = networkCase("tree-cnn", { widths: [2, 4, 2], symbols: 8, bias: "shared" });
const dense = networkCase("mlp", { widths: [2, 4, 2], symbols: 4, activation: "tanh", bias: "shared" });

/** Heads and histograms of a size that makes no difference to what is read. */
const sizes: Readonly<Record<string, object>> = {
  ...Object.fromEntries(["vicreg", "barlow-twins", "simclr"].map((id) => [id, { projectorSize: 2 }])),
  ...Object.fromEntries(["infomorphic", "infomorphic-lateral"].map((id) => [id, { bins: 3 }])),
};

describe("nothing moves an update that its certificate lacks", () => {
  describe.each([tree, dense])("$name", (net) => {
    test.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
      const chosen = chooseRule({ ...sizes[rule.id], id: rule.id });
      const facts = factsOf(net, chosen, [1]);
      const found = contradictions(certify(chosen, net.network, net.symbols), facts);
      expect(found.join("\n")).toBe("");
    });
  });
});

describe("what a rule hides is found by either", () => {
  describe.each([tree, dense])("$name", (net) => {
    test.each(hiddenRules)("%s", (_, rule) => {
      const facts = factsOf(net, rule, [1, 2]);
      expect(contradictions(certify(rule, net.network, net.symbols), facts).join("\n")).toBe("");
    });
  });
});
