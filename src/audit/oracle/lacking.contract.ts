/** Certificates against what really moves the updates of rules: for rules of the catalogue on a network. */
import { expect, test } from "vitest";
import { catalogue, chooseRule, type ChosenRule } from "../../rules/index.ts";
import { type NetworkCase, networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { certify } from "../certificate/certificate.ts";
import { contradictions } from "./contradictions.contract.ts";
import { factsOf } from "./facts.contract.ts";

export const tree = networkCase("tree-cnn", { widths: [2, 4, 2], bias: "shared" });
export const dense = networkCase("mlp", { widths: [2, 4], symbols: 2, activation: "tanh", bias: "shared" });

/** Heads and histograms of a size that makes no difference to what is read. */
const sizes: Readonly<Record<string, object>> = {
  ...Object.fromEntries(["vicreg", "barlow-twins", "simclr"].map((id) => [id, { projectorSize: 2 }])),
  ...Object.fromEntries(["infomorphic", "infomorphic-lateral"].map((id) => [id, { bins: 2 }])),
};

/** What the certificate of a rule lacks of what moves the rule. */
export function lacking(net: NetworkCase, rule: ChosenRule): string {
  return contradictions(certify(rule, net.network, net.symbols), factsOf(net, rule, [1])).join("\n");
}

/** Rules whose graphs are large even on small networks. */
export const isLarge = (id: string): boolean => id.startsWith("infomorphic");

/** Nothing moves an update that its certificate lacks. */
export function nothingIsLacking(net: NetworkCase, of: (id: string) => boolean): void {
  test.each(catalogue.map(({ id }) => id).filter(of))("%s", (id) => {
    expect(lacking(net, chooseRule({ ...sizes[id], id }))).toBe("");
  });
}
