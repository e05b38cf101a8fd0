/** Certificates against what the equations say: for every rule of the catalogue what it declares, for well-known rules every number by hand. */
import { describe, expect, test } from "vitest";
import { layOut } from "../networks/index.ts";
import { catalogue, chooseRule } from "../rules/index.ts";
import { type Certificate, certify, type LayerCertificate } from "./certificate.ts";
import { declarationGap, gapText } from "./declaration.ts";
import { summaryOf } from "./summary.ts";

/** A tree: 8 symbols of 3, layers of 4, 2 and 1 positions with 6, 4 and 5 units, 4 classes. */
const tree = layOut(
  { positions: 8, channels: 3, classes: 4, branching: 2 },
  {
    architecture: "tree-cnn",
    width: 4,
    widths: [6, 4, 5],
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
  },
);

const auditOf = (id: string, options: Readonly<Record<string, unknown>> = {}): Certificate =>
  certify(chooseRule({ ...options, id }), tree, 8);
const each = <K extends keyof LayerCertificate>({ layers }: Certificate, key: K): LayerCertificate[K][] =>
  layers.map((layer) => layer[key]);

describe("every rule of the catalogue reads what it declares", () => {
  test.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
    const certificate = certify({ rule, options: rule.options.parse({}) }, tree, 8);
    expect([...certificate.signals].sort()).toEqual([...certificate.declared].sort());
    expect(gapText(rule.id, declarationGap(certificate, tree))).toBeUndefined();
  });
});

describe("layer by layer", () => {
  test("backpropagation transports all weights above and meets the gates above, top first", () => {
    const found = auditOf("backprop");
    expect(each(found, "weightTransport")).toEqual([[2, 3, "readout"], [3, "readout"], ["readout"]]);
    expect(each(found, "errorNetwork")).toEqual([[3, 2], [3], []]);
    expect(each(found, "label")).toEqual([["error"], ["error"], ["error"]]);
    expect(each(found, "locking").map(({ forward }) => forward)).toEqual([[], [1], [1, 2]]);
    expect(each(found, "locking").map(({ update }) => update)).toEqual([
      [2, 3, "readout"],
      [3, "readout"],
      ["readout"],
    ]);
    expect(each(found, "locking").map(({ backward }) => backward)).toEqual([
      [2, 3, "readout"],
      [3, "readout"],
      ["readout"],
    ]);
    // A message has a number for every unit and position.
    expect(
      each(found, "topDown").map((all) => all.map(({ kind, from, dimension }) => [kind, from, dimension])),
    ).toEqual([
      [
        ["error", undefined, 4],
        ["message", "above", 4 * 6],
      ],
      [
        ["error", undefined, 4],
        ["message", "above", 2 * 4],
      ],
      [
        ["error", undefined, 4],
        ["message", "above", 5],
      ],
    ]);
    expect(each(found, "coupling")).toEqual(["average", "average", "average"]);
    expect(found.phases).toBe(1);
    // Inputs of all synapses and drives of all units: 4 (6 + 6) + 2 (12 + 4) + (8 + 5).
    expect(found.perSample).toBe(48 + 32 + 13);
    // The layer's own, and the gates above it.
    expect(each(found, "memory").map(({ perSample }) => perSample)).toEqual([48 + 8 + 5, 32 + 5, 13]);
    expect(each(found, "memory").map(({ held, kept }) => [held, kept])).toEqual([
      [true, 0],
      [true, 0],
      [true, 0],
    ]);
  });

  test("direct feedback reads no weights and waits for the output alone; a target waits for nothing", () => {
    const error = auditOf("direct-feedback-alignment");
    expect(each(error, "weightTransport")).toEqual([[], [], []]);
    expect(each(error, "errorNetwork")).toEqual([[], [], []]);
    expect(each(error, "locking").map(({ update, backward }) => [update, backward])).toEqual([
      [[2, 3, "readout"], []],
      [[3, "readout"], []],
      [["readout"], []],
    ]);
    // B_l has a number for each class, position and unit; W_l [2 channels, units].
    expect(each(error, "memory").map(({ kept, perWeight }) => [kept, perWeight])).toEqual([
      [4 * 24, (4 * 24) / 36],
      [4 * 8, (4 * 8) / 48],
      [4 * 5, (4 * 5) / 40],
    ]);
    const target = auditOf("drtp");
    expect(each(target, "locking").map(({ update, backward }) => [update, backward])).toEqual([
      [[], []],
      [[], []],
      [[], []],
    ]);
    expect(each(target, "label")).toEqual([["direct"], ["direct"], ["direct"]]);
    expect(each(target, "memory").map(({ held }) => held)).toEqual([false, false, false]);
  });

  test("feedback alignment meets gates, but no weights; without gates downstream neither", () => {
    const found = auditOf("feedback-alignment");
    expect(each(found, "weightTransport")).toEqual([[], [], []]);
    expect(each(found, "errorNetwork")).toEqual([[3, 2], [3], []]);
    expect(each(auditOf("feedback-alignment", { gate: "own" }), "errorNetwork")).toEqual([[], [], []]);
    expect(each(auditOf("backprop", { gate: "own" }), "weightTransport")[0]).toEqual([2, 3, "readout"]);
    // Learned feedback is told of what passed the gate above, whatever the message passes.
    expect(each(auditOf("kolen-pollack", { gate: "own" }), "errorNetwork")).toEqual([[2], [3], []]);
  });

  test("GHL reads other layers' weights, as backpropagation does", () => {
    expect(each(auditOf("ghl"), "weightTransport")).toEqual([[2, 3, "readout"], [3, "readout"], ["readout"]]);
  });

  test("settling needs the transpose of the next layer alone, at the price of passes", () => {
    const found = auditOf("equilibrium-propagation", { freeSteps: 4, nudgedSteps: 5 });
    expect(each(found, "weightTransport")).toEqual([[2], [3], ["readout"]]);
    expect(each(found, "locking").map(({ backward }) => backward)).toEqual([
      [2, 3, "readout"],
      [3, "readout"],
      ["readout"],
    ]);
    // Drives of layer 3: that of the forward pass, which is also the first free one, three more free ones, the first two nudged
    // ones, which the nudge has not reached through layer 2 yet, and three in each nudged phase.
    expect(found.phases).toBe(1 + 3 + 2 + 2 * 3);
    const coding = auditOf("predictive-coding", { steps: 6 });
    expect(each(coding, "weightTransport")).toEqual([[2], [3], ["readout"]]);
    expect(coding.phases).toBe(1 + 6);
    expect(coding.layers[2]?.topDown.find(({ kind }) => kind === "error")).toEqual({
      kind: "error",
      dimension: 4,
      count: 6,
    });
  });

  test("contrast couples samples and units, a mean over the batch only averages them", () => {
    const found = auditOf("info-nce");
    expect(each(found, "coupling")).toEqual(["dependent", "dependent", "dependent"]);
    expect(each(found, "lateral").map(({ units }) => units)).toEqual(["all", "all", "all"]);
    expect(found.phases).toBe(2);
    expect(each(auditOf("sign-sgd"), "coupling")).toEqual(["average", "average", "average"]);
    expect(each(auditOf("frozen"), "coupling")).toEqual(["none", "none", "none"]);
  });

  test("lateral reach: a unit of Oja's rule hears none, of Sanger's those before it, of the subspace rule all", () => {
    const reach = (id: string, options = {}): string[] =>
      each(auditOf(id, options), "lateral").map(({ units }) => units);
    expect(reach("oja")).toEqual(["none", "none", "none"]);
    expect(reach("sanger")).toEqual(["ordered", "ordered", "ordered"]);
    expect(reach("oja-subspace")).toEqual(["all", "all", "all"]);
    // Positions: one vector of all of them, or each by itself.
    const positions = (options: object): boolean[] =>
      each(auditOf("info-nce", { ...options }), "lateral").map((all) => all.positions);
    expect(positions({ positions: "together" })).toEqual([true, true, false]);
    expect(positions({ positions: "each" })).toEqual([false, false, false]);
  });

  test("perturbation hears scalars: one for each pass, and learns of the label by them alone", () => {
    const found = auditOf("node-perturbation");
    expect(each(found, "topDown")[0]).toEqual([{ kind: "broadcast", dimension: 1, count: 2 }]);
    expect(each(found, "label")).toEqual([["broadcast"], ["broadcast"], ["broadcast"]]);
    expect(each(found, "locking").map(({ update, backward }) => [update, backward])[0]).toEqual([
      [2, 3, "readout"],
      [],
    ]);
    expect(summaryOf(found)).toMatchObject({ locking: "update", weightTransport: [], phases: 2, perWeight: 0 });
    // Every candidate is a pass of its own through the layers above it.
    expect(auditOf("deep-targets", { samples: 3 }).phases).toBe(1 + 2 * (1 + 3));
  });

  test("forward-forward: the label and its noise enter at the input of the first layer only", () => {
    const found = auditOf("forward-forward");
    expect(each(found, "signals")).toEqual([
      ["lateral", "label", "noise", "secondPhase"],
      ["lateral", "secondPhase"],
      ["lateral", "secondPhase"],
    ]);
  });

  test("information from below: a message of a number for each class, and no lock", () => {
    const found = auditOf("sll");
    expect(each(found, "errorNetwork")).toEqual([[], [1], [2]]);
    expect(each(found, "topDown")[2]).toContainEqual({ kind: "message", from: "below", dimension: 4, count: 1 });
    expect(summaryOf(found).locking).toBe("none");
  });
});

test("a gap between declaration and graph is told in one line", () => {
  const oja = chooseRule({ id: "oja" });
  const hidden = { ...oja, rule: { ...oja.rule, reads: () => ["pre", "preactivation", "weight"] as const } };
  const certificate = certify(
    {
      ...hidden,
      rule: {
        ...hidden.rule,
        trace: (workspace, options) => {
          const updates = oja.rule.trace(workspace, options);
          const name = "layer1.weight";
          return {
            gradients: { ...updates.gradients, [name]: updates.gradients[name]!.add(workspace.pass.logits.sum()) },
          };
        },
      },
    },
    tree,
    8,
  );
  const gap = declarationGap({ ...certificate, declared: [...certificate.declared, "noise"] }, tree);
  expect(gapText("oja", gap)).toBe(
    "rule oja: by its graph it reads otherActivity without declaring it, and declares noise, which nothing in it reads",
  );
});
