/**
 * Whatever a rule reads is in its certificate: to every rule of the catalogue something is added that its top layer has no
 * business with, and rules hide a reading in every way that the graph offers.
 */
import { describe, expect, test } from "vitest";
import { input, type Tensor } from "../graph/index.ts";
import { layOut } from "../networks/index.ts";
import { catalogue, chooseRule, type ChosenRule, type Rule, type Signal, type Workspace } from "../rules/index.ts";
import { certify, type LayerCertificate } from "./certificate.ts";

/** A perceptron of three hidden layers, small enough to certify every rule on many times. */
const small = layOut(
  { positions: 2, channels: 3, classes: 4, branching: 2 },
  {
    architecture: "mlp",
    width: 2,
    widths: [2, 3, 2],
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
  },
);

/** The rule with something added to what its top layer's weights change by. */
function tampered(
  { rule, options }: ChosenRule,
  addition: (workspace: Workspace, shape: readonly number[]) => Tensor,
): ChosenRule {
  const trace: Rule["trace"] = (workspace, given) => {
    const updates = rule.trace(workspace, given);
    const top = workspace.layers.at(-1)!;
    const name = `layer${top.index}.weight`;
    const { shape } = top.parameters[name]!;
    const addend = addition(workspace, shape);
    return {
      ...updates,
      gradients: { ...updates.gradients, [name]: updates.gradients[name]?.add(addend) ?? addend.broadcastTo(shape) },
    };
  };
  // Reads what the certificate says it reads, so that tracing lets it pass.
  const everything = (workspace: Workspace): readonly never[] => [...workspace.touched] as never[];
  let seen: readonly never[] = [];
  return {
    rule: {
      ...rule,
      trace: (workspace, given) => {
        const updates = trace(workspace, given);
        seen = everything(workspace);
        return updates;
      },
      reads: () => seen,
    },
    options,
  };
}

const nextSample = (x: Tensor): Tensor => x.gather(input("order", [3], "int32"), 0);

describe("a certificate notices what is added to a rule", () => {
  const additions: readonly [
    string,
    (workspace: Workspace, shape: readonly number[]) => Tensor,
    (top: LayerCertificate) => boolean,
  ][] = [
    [
      "another layer's weight",
      (workspace) => workspace.weightOf(1).sum(),
      ({ weightTransport }) => weightTransport.includes(1),
    ],
    [
      "another layer's activity",
      (workspace) => workspace.pass.layers[0]!.post.sum(),
      ({ errorNetwork }) => errorNetwork.includes(1),
    ],
    [
      "another sample's activity",
      (workspace) => {
        const { post } = workspace.pass.layers[0]!;
        return post.mul(nextSample(post)).sum();
      },
      ({ coupling, errorNetwork }) => coupling === "dependent" && errorNetwork.includes(1),
    ],
    ["the label", (workspace) => workspace.labels.cast("float32").sum(), ({ label }) => label.includes("direct")],
  ];
  test.each(catalogue.map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
    const chosen = { rule, options: rule.options.parse({}) };
    const before = certify(chosen, small, 2).layers.at(-1)!;
    for (const [what, addition, notices] of additions) {
      const after = certify(tampered(chosen, addition), small, 2).layers.at(-1)!;
      expect([what, notices(after)]).toEqual([what, true]);
      // A rule that reads the label anyway reads it still.
      if (what !== "the label" || !before.label.includes("direct"))
        expect([what, notices(before)]).toEqual([what, false]);
    }
  });
});

describe("nothing hides a reading", () => {
  const oja = chooseRule({ id: "oja" });
  const top = (addition: Parameters<typeof tampered>[1]): LayerCertificate =>
    certify(tampered(oja, addition), small, 2).layers.at(-1)!;
  const foreign = (workspace: Workspace): Tensor => workspace.weightOf(1);

  test.each<[string, (workspace: Workspace) => Tensor]>([
    ["a stopped gradient", (workspace) => foreign(workspace).stopGradient().sum()],
    ["the name of own activity", (workspace) => foreign(workspace).mark({ kind: "post", layer: 3 }).sum()],
    ["the name of own input", (workspace) => foreign(workspace).mark({ kind: "pre", layer: 3 }).sum()],
    ["the name of an output error", (workspace) => foreign(workspace).mark({ kind: "outputError" }).sum()],
    ["the name of one number", (workspace) => foreign(workspace).sum().mark({ kind: "broadcast" })],
    ["the name of a message", (workspace) => workspace.message(3, foreign(workspace)).sum()],
    ["activity of no layer", (workspace) => foreign(workspace).mark({ kind: "post", layer: 9 }).sum()],
    [
      "the name of scores",
      (workspace) => foreign(workspace).mark({ kind: "logits" }).sum().mark({ kind: "outputError" }),
    ],
    [
      "a product with what is not known to be 0",
      (workspace) => foreign(workspace).sum().mul(workspace.labels.cast("float32").sum().relu()),
    ],
  ])("behind %s", (_, addition) => {
    expect(top(addition).weightTransport).toEqual([1]);
  });

  test("a value kept from the last step is read with all it was made of", () => {
    const variable = {
      name: "layer3.copy",
      kind: "state",
      shape: [],
      initial: { kind: "constant", value: 0 },
      layer: 3,
    } as const;
    const rule = tampered(oja, (workspace) => workspace.variable(variable, "state"));
    const keeps: Rule["trace"] = (workspace, options) => ({
      ...rule.rule.trace(workspace, options),
      next: { "layer3.copy": foreign(workspace).sum() },
    });
    const found = certify(
      { ...rule, rule: { ...rule.rule, trace: keeps, reads: () => ["pre", "preactivation", "weight", "otherWeight"] } },
      small,
      2,
    );
    expect(found.layers.map(({ weightTransport }) => weightTransport)).toEqual([[], [], [1]]);
  });

  test("so is a value kept for no layer in particular, and what a unit keeps of its neighbours is lateral", () => {
    const kept = (read: Signal, shape: readonly number[], next: (workspace: Workspace) => Tensor): LayerCertificate => {
      const name = "kept";
      const variable = { name, kind: "state", shape, initial: { kind: "constant", value: 0 } } as const;
      const { rule, options } = tampered(oja, (workspace) => workspace.variable(variable, "state"));
      const trace: Rule["trace"] = (workspace, given) => ({
        ...rule.trace(workspace, given),
        next: { [name]: next(workspace) },
      });
      const reads = (): Signal[] => ["pre", "preactivation", "weight", read];
      return certify({ rule: { ...rule, trace, reads }, options }, small, 2).layers.at(-1)!;
    };
    expect(kept("otherWeight", [], (workspace) => foreign(workspace).sum()).weightTransport).toEqual([1]);
    const post = (workspace: Workspace): Tensor => workspace.layers[2]!.post;
    expect(kept("post", [2], (workspace) => post(workspace).mean().broadcastTo([2])).lateral.units).toBe("all");
    expect(kept("post", [2], (workspace) => post(workspace).mean([0, 1])).lateral.units).toBe("none");
  });

  test("activity that another layer takes for its own input is looked behind where it was made", () => {
    const found = certify(
      tampered(oja, (workspace) =>
        foreign(workspace).sum().mark({ kind: "post", layer: 2 }).mark({ kind: "pre", layer: 3 }),
      ),
      small,
      2,
    );
    expect(found.layers.map(({ weightTransport }) => weightTransport)).toEqual([[], [1], []]);
  });

  test("symbols read in a deep layer are activity from elsewhere, a pass run again on them is the same pass", () => {
    const symbols = top((workspace) => workspace.encodedInput.sum());
    expect(symbols.signals).toContain("otherActivity");
    expect(symbols.errorNetwork).toEqual([0]);
    const again = top((workspace) => workspace.secondPass({}).layers[2]!.preactivation.sum());
    const own = top((workspace) => workspace.layers[2]!.preactivation.sum());
    expect(again).toEqual(own);
  });

  test("exact algebra removes a reading: a product with 0, a value nobody uses", () => {
    expect(top((workspace) => foreign(workspace).mul(0).sum()).weightTransport).toEqual([]);
    expect(top((workspace) => (foreign(workspace).sum(), workspace.layers[2]!.pre.sum())).weightTransport).toEqual([]);
  });
});
