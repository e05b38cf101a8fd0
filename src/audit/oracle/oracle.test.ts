/** Certificates against what really moves the updates of rules, found by moving it. */
import { describe, expect, test } from "vitest";
import { catalogue } from "../../rules/index.ts";
import { networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { certify } from "../certificate/certificate.ts";
import { contradictions } from "./contradictions.contract.ts";
import { factsOf } from "./facts.contract.ts";

const tree = networkCase("tree-cnn", { widths: [2, 4, 2], symbols: 8, bias: "shared" });
const dense = networkCase("mlp", { widths: [2, 4, 2], symbols: 4, activation: "tanh", bias: "shared" });

describe("nothing moves an update that its certificate lacks", () => {
  describe.each([tree, dense])("$name", (net) => {
    test.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
      const facts = factsOf(net, rule(), [1]);
      const found = contradictions(certify(rule(), net.network, net.symbols), facts);
      expect(found.join("\n")).toBe("");
    });
  });
});
