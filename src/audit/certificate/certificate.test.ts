/** Certificates against what the equations say: for every rule of the catalogue what it declares, for well-known rules every number by hand. */
import { describe, expect, test } from "vitest";
import { layOut } from "../../networks/index.ts";
import { catalogue, chooseRule } from "../../rules/index.ts";
import { type Certificate, certify, type LayerCertificate } from "./certificate.ts";
import { claimGap, gapText } from "./claims.ts";
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

/** Layers whose positions have their own weights. */
const apart = layOut(
  { positions: 8, channels: 3, classes: 4, branching: 2 },
  {
    architecture: "locally-connected",
    width: 4,
    widths: [6, 4, 5],
    activation: "relu",
    parametrisation: "standard",
    bias: "per-position",
    readout: "mean",
  },
);

describe("every rule of the catalogue reads what it claims (on other networks: study/run/claims.slow.test.ts)", () => {
  test.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
    const certificate = certify(rule(), tree, 8);
    expect([...certificate.signals].sort()).toEqual([...certificate.claimed].sort());
    expect(gapText(rule.id, claimGap(certificate, tree))).toBeUndefined();
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
    ).toEqual([[["message", "above", 4 * 6]], [["message", "above", 2 * 4]], [["message", "above", 5]]]);
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
    // Learned feedback is told of what passed the gate above, whatever the message passes; so was the feedback above it.
    expect(each(auditOf("kolen-pollack", { gate: "own" }), "errorNetwork")).toEqual([[2, 3], [3], []]);
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
    // In the first step nothing below the top layer moves, and its drive is that of the forward pass.
    expect(coding.phases).toBe(1 + 5);
    expect(coding.layers[2]?.topDown).toEqual([{ kind: "message", from: "above", dimension: 5, count: 6 }]);
    // In the exact schedule messages are those of backpropagation, which no layer's activity carries.
    expect(each(auditOf("predictive-coding-exact"), "weightTransport")).toEqual([
      [2, 3, "readout"],
      [3, "readout"],
      ["readout"],
    ]);
  });

  test("contrast couples samples and units, and so does the sign of a batch mean; a mean alone averages them", () => {
    const found = auditOf("info-nce");
    expect(each(found, "coupling")).toEqual(["dependent", "dependent", "dependent"]);
    expect(each(found, "lateral").map(({ units }) => units)).toEqual(["all", "all", "all"]);
    // The layer with one position sees each half of the input by itself.
    expect(found.phases).toBe(1 + 2);
    expect(auditOf("info-nce", { pair: "same-class" }).phases).toBe(1 + 1);
    expect(each(auditOf("oja"), "coupling")).toEqual(["average", "average", "average"]);
    expect(each(auditOf("sign-sgd"), "coupling")).toEqual(["dependent", "dependent", "dependent"]);
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
      each(auditOf("info-nce", { pair: "same-class", ...options }), "lateral").map((all) => all.positions);
    expect(positions({ positions: "together" })).toEqual([true, true, false]);
    expect(positions({ positions: "each" })).toEqual([false, false, false]);
    expect(positions({ positions: "each", pair: "context" })).toEqual([true, true, false]);
  });

  test("perturbation hears scalars: one for each pass, and learns of the label by them alone", () => {
    const found = auditOf("node-perturbation");
    expect(each(found, "topDown")[0]).toEqual([{ kind: "broadcast", dimension: 1, count: 1 }]);
    expect(each(found, "label")).toEqual([["broadcast"], ["broadcast"], ["broadcast"]]);
    expect(each(found, "locking").map(({ update, backward }) => [update, backward])[0]).toEqual([
      [2, 3, "readout"],
      [],
    ]);
    expect(summaryOf(found)).toMatchObject({ locking: "update", weightTransport: [], phases: 2, perWeight: 0 });
    // Every candidate is a pass of its own through the layers above it.
    expect(auditOf("deep-targets", { samples: 3 }).phases).toBe(1 + 3 * (1 + 3));
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

describe("what pairs know", () => {
  const pairs = (options: object): LayerCertificate["pairs"][] => each(auditOf("info-nce", { ...options }), "pairs");
  const labels = (options: object): LayerCertificate["label"][] => each(auditOf("info-nce", { ...options }), "label");

  test("pairs of one class carry the label, though no update reads it", () => {
    const own = [{ kind: "same-class", source: "label" }];
    expect(pairs({ pair: "same-class" })).toEqual([own, own, own]);
    expect(labels({ pair: "same-class" })).toEqual([["pairs"], ["pairs"], ["pairs"]]);
    expect(auditOf("info-nce", { pair: "same-class" }).signals).not.toContain("label");
  });

  test("pairs within one input know nothing else; where a layer has one position they are its two halves", () => {
    const halves = [
      { kind: "part", source: "none" },
      { kind: "part", source: "none" },
    ];
    expect(pairs({ pair: "context" })).toEqual([[], [], halves]);
    expect(labels({ pair: "context" })).toEqual([[], [], []]);
  });

  test("resampling knows the generator, at the level of each layer or at one level; at that of the class it knows the label", () => {
    const at = (level: unknown, source = "generator") => [{ kind: "resample", source, level }];
    expect(pairs({ pair: "resample" })).toEqual([at({ layer: 1 }), at({ layer: 2 }), at({ layer: 3 }, "label")]);
    expect(pairs({ pair: "resample", level: 1 })).toEqual([at(1), at(1), at(1)]);
    expect(pairs({ pair: "resample", level: 0 })[0]).toEqual(at(0, "label"));
  });

  test("the control's partner is any other example", () => {
    expect(pairs({ pair: "shuffled" })[0]).toEqual([{ kind: "shuffled", source: "none" }]);
    expect(labels({ pair: "shuffled" })).toEqual([[], [], []]);
  });
});

describe("scope: where what a synapse learns from lies", () => {
  const scopes = (id: string, options: object = {}): LayerCertificate["scopes"] =>
    auditOf(id, { ...options }).layers[1]?.scopes ?? {};

  test.each([
    ["hebb", { weightNorm: "none" }, { pre: "synapse", post: "unit" }],
    // The norm to which weights are brought is that of all weights after the change, which all inputs have moved.
    ["hebb", {}, { pre: "unit", post: "unit", weight: "unit" }],
    ["oja", {}, { pre: "synapse", post: "unit", weight: "synapse" }],
    ["instar", {}, { pre: "synapse", post: "unit", weight: "synapse" }],
    ["bcm", {}, { pre: "synapse", post: "unit" }],
    ["sanger", {}, { pre: "synapse", post: "layer", weight: "layer" }],
    ["oja-subspace", {}, { pre: "synapse", post: "layer", weight: "layer" }],
    // A unit competes by the length of its weights, and by other units' shares.
    ["soft-hebb", {}, { pre: "unit", post: "layer", weight: "layer" }],
    ["backprop", {}, { pre: "synapse", post: "unit" }],
    // One maximum for the layer.
    ["ghl", {}, { pre: "unit", post: "layer", weight: "layer" }],
    ["sign-sgd", {}, { pre: "synapse", post: "unit" }],
    ["weight-perturbation", {}, {}],
  ])("%s %o: %o", (id, options, expected) => {
    expect(scopes(id, options)).toEqual(expected);
  });

  test("weights that positions share add up what the positions see", () => {
    expect(each(auditOf("oja"), "sharing")).toEqual([4, 2, 1]);
    expect(certify(chooseRule({ id: "oja" }), apart, 8).layers.map(({ sharing }) => sharing)).toEqual([1, 1, 1]);
  });
});

describe("the verdict in the terms of Baldi and Sadowski", () => {
  const verdicts = (id: string, options: object = {}): readonly (readonly [string, string])[] =>
    each(auditOf(id, { ...options }), "verdict").map(({ space, time }) => [space, time] as const);

  test.each([
    ["oja", {}, ["local", "local"]],
    ["bcm", {}, ["local", "remembers"]],
    ["covariance", { weightNorm: "none" }, ["local", "remembers"]],
    ["sanger", {}, ["layer", "local"]],
    ["drtp", {}, ["channel", "local"]],
    ["direct-feedback-alignment", {}, ["channel", "waits"]],
    ["node-perturbation", {}, ["channel", "waits"]],
    ["backprop", {}, ["network", "waits"]],
    ["greedy", {}, ["layer", "local"]],
  ])("%s %o: %o", (id, options, expected) => {
    expect(verdicts(id, options)).toEqual([expected, expected, expected]);
  });

  test("is a sentence", () => {
    expect(auditOf("oja").layers[0]?.verdict.text).toBe("F(x_i, y_j, w_ij): local in space, local in time");
    expect(auditOf("drtp").layers[0]?.verdict.text).toBe(
      "F(x_i, y_j, label 4): local in space but for a channel from outside, local in time",
    );
  });

  test("what is remembered is counted", () => {
    // A threshold for each unit.
    expect(each(auditOf("bcm"), "memory").map(({ remembered }) => remembered)).toEqual([6, 4, 5]);
    expect(each(auditOf("oja"), "memory").map(({ remembered }) => remembered)).toEqual([0, 0, 0]);
    // Feedback that never changes is kept, and remembers nothing.
    expect(each(auditOf("direct-feedback-alignment"), "memory").map(({ remembered }) => remembered)).toEqual([0, 0, 0]);
  });
});

test("a gap between claim and graph is told in one line", () => {
  const oja = chooseRule({ id: "oja" });
  const gap = { unclaimed: ["otherActivity"], unread: ["noise"] } as const;
  expect(gapText("oja", gap)).toBe(
    "rule oja: by its graph it reads otherActivity without claiming it, and claims noise, which nothing in it reads",
  );
  const certificate = certify(oja, tree, 8);
  expect(claimGap({ ...certificate, claimed: ["pre", "preactivation", "noise"] }, tree)).toEqual({
    unclaimed: ["weight"],
    unread: ["noise"],
  });
  // A unit's drive and its output are its own either way.
  expect(claimGap({ ...certificate, claimed: ["pre", "post", "weight"] }, tree)).toEqual({ unclaimed: [], unread: [] });
});
