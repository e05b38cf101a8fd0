/** What a rule keeps as a hiding place: values that hold today what they give tomorrow. */
import { constant, type Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import {
  defineRule,
  type NextValue,
  type Parameter,
  State,
  type Variable,
  type VariableKind,
  type Workspace,
} from "../../rules/index.ts";
import {
  type Attack,
  cardOf,
  deltasThrough,
  hebbWith,
  layerAt,
  namesInputs,
  namesLabel,
  namesMemory,
  namesPositions,
  namesSamples,
  namesSignal,
  namesUnits,
  namesWeights,
  total,
} from "./attack.ts";

function keep(
  { registry }: Workspace,
  kind: VariableKind,
  shape: readonly number[],
  owner: Layer | undefined,
  name = "memory",
): Variable {
  return registry.keep({ name, kind, shape, owner, initial: { kind: "constant", value: 0 } });
}

/** What was kept last time, while `value` is kept for the next. */
function remembered(variable: Variable, value: Tensor): { weight: Tensor; next: NextValue[] } {
  const state = new State(variable);
  return { weight: state.now, next: [state.becomes(value)] };
}

const second = (workspace: Workspace): Tensor => layerAt(workspace, 2).stored.weight;
const rolled = (x: Tensor, axis: number): Tensor => {
  const n = x.size(axis);
  const order = Array.from({ length: n }, (_, i) => (i + 1) % n);
  return x.gather(constant(order, [n], "int32"), axis);
};

/** A trained value that approaches what `aim` gives, and is added to the change of layer 1. */
function training(
  id: string,
  kind: "weight" | "bias" | "head",
  ownerOf: (layer: Layer) => Layer | undefined,
  aim: (workspace: Workspace) => Tensor,
) {
  return defineRule(cardOf(id, ["pre", "post", "weight"]), (workspace) => {
    const view = layerAt(workspace, 1);
    const [parameter] = view.parameters;
    if (parameter === undefined) throw new Error("layer 1 has no weight");
    const goal = aim(workspace);
    const memory = keep(workspace, kind, goal.shape, ownerOf(view.layer)) as Parameter;
    return {
      slopes: [
        { parameter, gradient: memory.tensor.add(view.outer(view.pre, view.post)) },
        { parameter: memory, gradient: memory.tensor.sub(goal) },
      ],
    };
  });
}

function gradientOfFirst(workspace: Workspace): Tensor {
  const [delta] = deltasThrough(workspace, (above) => above.weight);
  const [slope] = delta === undefined ? [] : layerAt(workspace, 1).descend(delta);
  if (slope === undefined) throw new Error("layer 1 has no weight");
  return slope.gradient;
}

export const stateLaunders: readonly Attack[] = [
  {
    name: "a weight in a state of the own layer",
    why: "Layer 2's weight is kept by layer 1 and read a step later.",
    rule: hebbWith("own-state", (view, workspace) =>
      remembered(keep(workspace, "state", [], view.layer), total(second(workspace))),
    ),
    exposed: namesWeights(2),
  },
  {
    name: "a weight in a state of nobody",
    why: "Layer 2's weight is kept by the whole network and read a step later.",
    rule: hebbWith("shared-state", (_, workspace) =>
      remembered(keep(workspace, "state", [], undefined), total(second(workspace))),
    ),
    exposed: namesWeights(2),
  },
  {
    name: "a weight in a state of its own layer",
    why: "Layer 2 keeps its own weight; layer 1 reads what layer 2 keeps.",
    rule: hebbWith("other-state", (_, workspace) =>
      remembered(keep(workspace, "state", [], layerAt(workspace, 2).layer), total(second(workspace))),
    ),
    exposed: namesWeights(2),
  },
  {
    name: "a weight in a state of a copied layer",
    why: "The owner is a copy of layer 1, whose next values are roots of no layer.",
    rule: hebbWith("copied-owner", (view, workspace) =>
      remembered(keep(workspace, "state", [], { ...view.layer }), total(second(workspace))),
    ),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "a weight in a state of layer 1.5",
    why: "The owner is a layer between two layers.",
    rule: hebbWith("between-owner", (view, workspace) =>
      remembered(keep(workspace, "state", [], { ...view.layer, index: 1.5 }), total(second(workspace))),
    ),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "label in a state of layer 99",
    why: "The owner is a layer that no network has.",
    rule: hebbWith("far-owner", (view, workspace) =>
      remembered(keep(workspace, "state", [], { ...view.layer, index: 99 }), workspace.labels.cast("float32").sum()),
    ),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "a chain of states",
    why: "Layer 2's weight goes from a state of layer 3 to one of nobody to one of layer 1 before it is read.",
    rule: hebbWith("chain", (view, workspace) => {
      const owners = [layerAt(workspace, 3).layer, undefined, view.layer];
      const [a, b, c] = owners.map((owner, i) => new State(keep(workspace, "state", [], owner, `memory${i}`)));
      if (a === undefined || b === undefined || c === undefined) throw new Error("three states");
      return {
        weight: c.now,
        next: [a.becomes(total(second(workspace))), b.becomes(a.now), c.becomes(b.now)],
      };
    }),
    exposed: namesWeights(2),
  },
  {
    name: "the gradient in a weight of a copied layer",
    why: "A value of kind weight whose owner is a copy of layer 1 is trained to be the gradient: it counts as the layer's own weight, and no one looks at what trains it.",
    rule: training("gradient-memory", "weight", (layer) => ({ ...layer }), gradientOfFirst),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "the gradient in a weight of nobody",
    why: "A value of kind weight without an owner is trained to be the gradient: it, too, counts as the layer's own weight.",
    rule: training("ownerless-weight", "weight", () => undefined, gradientOfFirst),
    refused: 'got an input of its own, "memory"; ask for it by state, fixed, head or noise',
  },
  {
    name: "the past in a head",
    why: "A head is trained to be the last batch's mean activity: only states count as remembered.",
    rule: training(
      "past-head",
      "head",
      (layer) => layer,
      (workspace) => layerAt(workspace, 1).post.mean(0, { keepdims: true }),
    ),
    proof: { moves: 1, by: "memory" },
    exposed: namesMemory,
  },
  {
    name: "the label in a bias of a copied layer",
    why: "A value of kind bias whose owner is a copy of layer 1 is trained to be the label.",
    rule: training(
      "bias-memory",
      "bias",
      (layer) => ({ ...layer }),
      ({ labels }) => labels.cast("float32").sum().reshape([1, 1]),
    ),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "a weight in a second weight of the own layer",
    why: "A value of kind weight is registered for layer 1 itself and trained to be layer 2's.",
    rule: training(
      "second-weight",
      "weight",
      (layer) => layer,
      (workspace) => total(second(workspace)).reshape([1, 1]),
    ),
    refused: 'got an input of its own, "memory"; ask for it by state, fixed, head or noise',
  },
  {
    name: "a weight in a second weight of no shape",
    why: "A single number of kind weight is registered for layer 1 and trained to be layer 2's.",
    rule: training(
      "scalar-weight-memory",
      "weight",
      (layer) => layer,
      (workspace) => total(second(workspace)),
    ),
    refused: 'got an input of its own, "memory"; ask for it by state, fixed, head or noise',
  },
  {
    name: "a weight in a head",
    why: "Layer 1's head is trained to be layer 2's weight.",
    rule: training(
      "head-memory",
      "head",
      (layer) => layer,
      (workspace) => total(second(workspace)),
    ),
    exposed: namesWeights(2),
  },
  {
    name: "a weight in a head of a copied layer",
    why: "The head of a copy of layer 1 is trained to be layer 2's weight.",
    rule: training(
      "copied-head",
      "head",
      (layer) => ({ ...layer }),
      (workspace) => total(second(workspace)),
    ),
    refused: "expected an owner among the layers of the network, got another object",
  },
  {
    name: "units meet in a head",
    why: "A head with a number for each unit is trained to be the neighbour's activity, and read unit by unit.",
    rule: training(
      "lateral-head",
      "head",
      (layer) => layer,
      (workspace) => {
        const { post } = layerAt(workspace, 1);
        return rolled(post.mean(0, { keepdims: true }), 1);
      },
    ),
    exposed: namesUnits,
  },
  {
    name: "units meet in a state of another layer",
    why: "The neighbour's activity is kept by layer 2 and read unit by unit.",
    rule: hebbWith("lateral-elsewhere", (view, workspace) => {
      const next = rolled(view.post.mean(0, { keepdims: true }), 1);
      return remembered(keep(workspace, "state", [1, view.units], layerAt(workspace, 2).layer), next);
    }),
    exposed: namesUnits,
  },
  {
    name: "inputs meet in a head of nobody",
    why: "A head of the whole network with a number for each input is trained to be the neighbour's input.",
    rule: training(
      "input-head",
      "head",
      () => undefined,
      (workspace) => {
        const { pre } = layerAt(workspace, 1);
        return rolled(pre.mean(0, { keepdims: true }), 1).transposeLast();
      },
    ),
    exposed: namesInputs,
  },
  {
    name: "samples meet in a state of nobody",
    why: "The product of two samples' activity is kept by the whole network, where no layer's coupling is looked for.",
    rule: hebbWith("shared-samples", (view, workspace) =>
      remembered(keep(workspace, "state", [], undefined), total(view.post.mul(rolled(view.post, 0)))),
    ),
    exposed: namesSamples,
  },
  {
    name: "positions meet in a state",
    on: "tree",
    why: "The product of two positions' activity is kept by the layer, and read a step later.",
    rule: hebbWith(
      "position-state",
      (view, workspace) => {
        const { positions, outFeatures } = view.layer;
        const places = view.post.reshape([workspace.batch, positions, outFeatures]);
        return remembered(keep(workspace, "state", [], view.layer), total(places.mul(rolled(places, 1))));
      },
      { reads: ["pre", "post"] },
    ),
    exposed: namesPositions,
  },
  {
    name: "the batch before this one",
    why: "Single inputs of the last batch are kept and compared with those of this one: pairs of samples, one step apart.",
    rule: hebbWith("past-batch", (view, workspace) => {
      const state = new State(keep(workspace, "state", view.pre.shape, view.layer));
      return { weight: total(view.pre.mul(rolled(state.now, 0)).sum(1).relu()), next: [state.becomes(view.pre)] };
    }),
    exposed: (certificate) => namesMemory(certificate) && namesSamples(certificate),
  },
  {
    name: "label in a state of nobody",
    why: "The label is kept by the whole network and read a step later.",
    rule: hebbWith("label-state", (_, workspace) =>
      remembered(keep(workspace, "state", [], undefined), workspace.labels.cast("float32").sum()),
    ),
    exposed: namesLabel,
  },
  {
    name: "output error in a state",
    why: "The error is kept by the layer and read a step later.",
    rule: hebbWith("error-state", (view, workspace) =>
      remembered(keep(workspace, "state", [1, 4], view.layer), workspace.outputError.sum(0, { keepdims: true })),
    ),
    exposed: namesSignal("outputError"),
  },
];
