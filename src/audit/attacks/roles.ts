/** Inputs that are not what they are said to be, and registered things that are changed behind the registry's back. */
import { constant, input, type Tensor } from "../../graph/index.ts";
import { inputOf, tamper } from "./tamper.ts";
import { type Attack, hebbWith, laid, layerAt, namesActivity, namesSignal, namesWeights, total } from "./attack.ts";

const always = { kind: "constant", value: 0 } as const;

/** Whether a certificate is read off a graph, not while the rule is traced. */
const isWatched = (): boolean => (new Error().stack ?? "").includes("certificateOf");

export const roles: readonly Attack[] = [
  {
    name: "unregistered noise",
    why: "An input of the rule's own with the name that noise of layer 2 has.",
    rule: hebbWith("unregistered-noise", () => laid(input("noise.layer2.xi", [3]))),
    refused: 'got an input of its own, "noise.layer2.xi"; ask for it by state, fixed, head or noise',
  },
  {
    name: "unregistered partner",
    why: "An input of the rule's own with the name that the partner of the same class has.",
    rule: hebbWith("unregistered-partner", (_, { batch }) =>
      laid(input("partner.same-class", [batch, 2], "int32").cast("float32")),
    ),
    refused: 'got an input of its own, "partner.same-class"; ask for it by state, fixed, head or noise',
  },
  {
    name: "labels once more",
    why: "An input of the rule's own named labels.",
    rule: hebbWith("labels-again", (_, { batch }) => laid(input("labels", [batch], "int32").cast("float32"))),
    refused: 'got an input of its own, "labels"; ask for it by state, fixed, head or noise',
  },
  {
    name: "noise of another layer as a channel",
    why: "Layer 2's own noise times layer 2's weight, and the same noise at layer 1, which multiplies it out.",
    rule: hebbWith("noise-channel", (_, workspace) => {
      const two = layerAt(workspace, 2);
      const noise = two.noise("xi", [], "sign");
      return laid(two.stored.weight).mul(noise).mul(noise);
    }),
    exposed: namesWeights(2),
  },
  {
    name: "noise of a layer that is not there",
    why: "The noise belongs to a copy of layer 1, and to layer 2 as well.",
    rule: hebbWith("foreign-noise", (view, { registry }) => {
      const owner = { ...view.layer, index: 0.5 };
      return laid(registry.noise({ name: "far", shape: [3], distribution: "normal", owner }));
    }),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "noise that is an input of a layer",
    why: "Noise itself drives the layer, and is the layer's input of a second pass, behind which nothing is.",
    rule: hebbWith("driven-by-noise", (view) => laid(view.drive(view.noise("xi", view.pre.shape, "normal"))), {
      at: 2,
      reads: ["pre", "post", "secondPhase"],
    }),
    proof: { moves: 2, by: "noise.layer2.xi" },
    exposed: namesSignal("noise"),
  },
  {
    name: "label as a level of resampling",
    why: "A partner of which the class alone stays is an example of the same class: whoever draws it knows the label.",
    rule: hebbWith(
      "resampled-label",
      (view, workspace) => laid(workspace.partner({ kind: "resample", level: 0 }).at(view).post),
      { reads: ["pre", "post", "pair"] },
    ),
    proof: { moves: 1, by: "partner.resample.level0" },
    exposed: ({ layers }) => layers.some(({ label }) => label.length > 0),
  },
  {
    name: "label by the same class",
    why: "The partner's activity shows the class.",
    rule: hebbWith("same-class", (view, workspace) => laid(workspace.partner({ kind: "same-class" }).at(view).post), {
      reads: ["pre", "post", "pair"],
    }),
    exposed: ({ layers }) => layers.some(({ label }) => label.length > 0),
  },
  {
    name: "symbols in a deep layer",
    why: "Layer 3 reads the input of the network.",
    rule: hebbWith("deep-symbols", (_, workspace) => laid(workspace.registry.tokens.cast("float32")), { at: 3 }),
    exposed: namesActivity(0),
  },
  {
    name: "a weight under another name",
    why: "The registry is made to hold layer 2's weight once more, as a fixed value of layer 1.",
    rule: hebbWith("alias-weight", (view, { registry, readout, layers }) => {
      const [weight] = layers[1]?.parameters ?? readout.parameters;
      if (weight === undefined) throw new Error("no weight");
      tamper(registry).byName.set("layer1.own", { ...weight, name: "layer1.own", kind: "fixed", owner: view.layer });
      return laid(weight.tensor);
    }),
    refused: "reading 'set'",
    by: "TypeError",
  },
  {
    name: "labels under another name",
    why: "The registry is made to hold the labels once more, as a fixed value of layer 1.",
    rule: hebbWith("alias-labels", (view, { registry }) => {
      const { labels: tensor } = registry;
      const shared = { shape: tensor.shape, learningRate: "hidden", initial: always } as const;
      tamper(registry).byName.set("layer1.own", {
        ...shared,
        name: "layer1.own",
        kind: "fixed",
        owner: view.layer,
        tensor,
      });
      return laid(tensor.cast("float32"));
    }),
    refused: "reading 'set'",
    by: "TypeError",
  },
  {
    name: "a partner under another name",
    why: "The registry is made to take the partner of the same class for any other example.",
    rule: hebbWith(
      "alias-partner",
      (view, workspace) => {
        const { post } = workspace.partner({ kind: "same-class" }).at(view);
        for (const entry of tamper(workspace.registry).partnerByName.values())
          Object.assign(entry, { request: { kind: "shuffled" } });
        return laid(post);
      },
      { reads: ["pre", "post", "pair"] },
    ),
    refused: "reading 'values'",
    by: "TypeError",
  },
  {
    name: "a weight that changes hands",
    why: "Layer 2's weight is made to belong to layer 1.",
    rule: hebbWith("stolen-owner", (view, { layers }) => {
      const weight = layers[1]?.parameters[0];
      if (weight === undefined) throw new Error("no weight");
      Object.assign(weight, { owner: view.layer });
      return laid(weight.tensor);
    }),
    refused: "Cannot assign to read only property 'owner'",
    by: "TypeError",
  },
  {
    name: "a layer that changes its number",
    why: "Layer 2 says that it is layer 1 where a certificate is made, and its weight is layer 1's.",
    rule: hebbWith("renumbered", (_, workspace) => {
      const two = layerAt(workspace, 2);
      const { weight } = two.stored;
      Object.defineProperty(two.layer, "index", { configurable: true, get: () => (isWatched() ? 1 : 2) });
      return laid(weight);
    }),
    refused: "Cannot redefine property: index",
    by: "TypeError",
  },
  {
    name: "an input that changes its name",
    why: "A fixed value's input is renamed labels once it is registered.",
    rule: hebbWith("renamed-input", (view, { batch }) => {
      const value = view.fixed("own", [batch], 0);
      inputOf(value).name = "labels";
      return laid(value);
    }),
    refused: 'expected input i32[3] for "labels", got input f32[3]',
  },
  {
    name: "a fixed value that takes the name of a weight",
    why: "A fixed value's input is renamed layer2.weight, of the same shape.",
    rule: hebbWith("renamed-weight", (view) => {
      const value = view.fixed("own", [4, 5], 0);
      inputOf(value).name = "layer2.weight";
      return laid(value);
    }),
    exposed: namesWeights(2),
  },
  {
    name: "a state that takes the kind of a fixed value",
    why: "A fixed value is given a next value after its kind was changed, and back.",
    rule: hebbWith("changed-kind", (view, workspace) => {
      const variable = view.keep("fixed", "own", [], 0);
      Object.assign(variable, { kind: "state" });
      const value: Tensor = total(workspace.labels.cast("float32"));
      return { weight: variable.tensor, next: [{ state: variable, value }] };
    }),
    refused: "Cannot assign to read only property 'kind'",
    by: "TypeError",
  },
  {
    name: "a constant that has two values",
    why: "The number before a weight is 0 where it is asked for by a certificate, and 1 elsewhere.",
    rule: hebbWith("two-values", (_, workspace) => {
      const number = constant([0], []);
      Object.defineProperty(number.attributes, "values", { get: () => [isWatched() ? 0 : 1] });
      return laid(layerAt(workspace, 2).stored.weight).mul(number);
    }),
    exposed: namesWeights(2),
  },
];
