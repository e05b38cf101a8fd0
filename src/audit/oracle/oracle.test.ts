/** Certificates against what really moves the updates of rules, found by moving it. */
import { describe, expect, test } from "vitest";
import { chooseRule } from "../../rules/index.ts";
import { oneOfEachFamily } from "../../rules/testing/one-of-each.contract.ts";
import { certify, type LayerCertificate } from "../certificate/certificate.ts";
import { contradictions } from "./contradictions.contract.ts";
import { factsOf } from "./facts.contract.ts";
import { isLarge, lacking, nothingIsLacking, tree } from "./lacking.contract.ts";
import { hiddenRules } from "./hidden-rules.contract.ts";

describe("nothing moves an update that its certificate lacks (other rules and networks: oracle.slow.test.ts)", () => {
  nothingIsLacking(tree, (id) => !isLarge(id) && oneOfEachFamily.includes(id));
});

describe("what a rule hides is in its certificate", () => {
  test.each(hiddenRules)("%s", (_, rule) => {
    expect(lacking(tree, rule)).toBe("");
  });
});

describe("an entry that is left out is missed", () => {
  const without =
    (...kinds: readonly string[]) =>
    ({ signals }: LayerCertificate) => ({ signals: signals.filter((signal) => !kinds.includes(signal)) });

  test.each<[string, string, (layer: LayerCertificate) => Partial<LayerCertificate>, string]>([
    ["backprop", "weights", () => ({ weightTransport: [] }), "no weight transport"],
    ["backprop", "one layer's weights", () => ({ weightTransport: [2, 3] }), "of the read-out"],
    ["backprop", "activity", () => ({ errorNetwork: [] }), "no activity"],
    ["backprop", "locks", ({ locking }) => ({ locking: { ...locking, update: [] } }), "no lock"],
    ["backprop", "the label", () => ({ label: [] }), "no label"],
    ["backprop", "its own input", without("pre"), "no signal pre"],
    ["backprop", "the error", without("outputError"), "of the read-out, and the certificate has no activity"],
    ["sll", "a message from below", () => ({ errorNetwork: [] }), "no activity"],
    ["oja", "samples", () => ({ coupling: "none" }), "coupling none"],
    ["sign-sgd", "samples that meet", () => ({ coupling: "average" }), "coupling average"],
    ["oja", "its own weights", () => ({ scopes: { pre: "synapse", post: "unit" } }), "no scope of weight"],
    ["ghl", "inputs", ({ scopes }) => ({ scopes: { ...scopes, pre: "synapse" } }), "scope of pre"],
    ["sanger", "units", ({ lateral }) => ({ lateral: { ...lateral, units: "none" } }), "lateral reach none"],
    [
      "oja-subspace",
      "units",
      ({ lateral }) => ({ lateral: { ...lateral, units: "ordered" } }),
      "lateral reach ordered",
    ],
    ["sanger", "scope", ({ scopes }) => ({ scopes: { ...scopes, post: "unit" } }), "scope of post unit"],
    ["info-nce", "positions", ({ lateral }) => ({ lateral: { ...lateral, positions: false } }), "positions apart"],
    ["info-nce", "pairs", () => ({ pairs: [] }), "no pairs"],
    ["bcm", "memory", ({ memory }) => ({ memory: { ...memory, remembered: 0 } }), "nothing remembered"],
    [
      "kolen-pollack",
      "what is learned",
      (layer) => ({ ...without("localHead", "neighbour")(layer), memory: { ...layer.memory, remembered: 0 } }),
      "nothing remembered",
    ],
  ])("%s without %s", (id, _, change, lack) => {
    const rule = chooseRule(id);
    const [certificate, facts] = [certify(rule, tree.network, tree.symbols), factsOf(tree, rule, [1])];
    const layers = certificate.layers.map((layer) => ({ ...layer, ...change(layer) }));
    expect(contradictions({ ...certificate, layers }, facts).join("\n")).toContain(lack);
    expect(contradictions(certificate, facts)).toEqual([]);
  });
});
