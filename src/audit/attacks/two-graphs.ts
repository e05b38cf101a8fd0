/** Rules that show the certificate one graph and have another one run: by names, by what is not looked at, by what `between` and `scores` do. */
import { input, is, type Tensor, topological } from "../../graph/index.ts";
import { defineRule, type RuleCard, type Updates, type Workspace } from "../../rules/index.ts";
import { type Attack, cardOf, deltasThrough, hebbWith, laid, layerAt, namesSignal, total } from "./attack.ts";

/** Hebb's updates for all layers but `without`. */
function hebbUpdates({ layers }: Workspace, without = 0): Updates {
  return {
    slopes: layers
      .filter(({ index }) => index !== without)
      .flatMap((view) => {
        const [parameter] = view.parameters;
        return parameter === undefined ? [] : [{ parameter, gradient: view.outer(view.pre, view.post).neg() }];
      }),
  };
}

const rule = (id: string, trace: (workspace: Workspace) => Updates, card: Partial<RuleCard> = {}) =>
  defineRule({ ...cardOf(id, ["pre", "post"]), ...card }, trace);

/** Backpropagation's change of layer 1. */
function gradientOfFirst(workspace: Workspace): Tensor {
  const [delta] = deltasThrough(workspace, (above) => above.weight);
  const [slope] = delta === undefined ? [] : layerAt(workspace, 1).descend(delta);
  if (slope === undefined) throw new Error("layer 1 has no weight");
  return slope.gradient;
}

/** A value of the rule's own under a name that is somebody else's. */
const kept = (workspace: Workspace, name: string, shape: readonly number[], kind: "fixed" | "state" = "fixed") =>
  workspace.registry.keep({ name, kind, shape, initial: { kind: "constant", value: 0 } });

export const twoGraphs: readonly Attack[] = [
  {
    name: "objective named as the next weight",
    why: "Layer 1 has no pseudo-gradient, but a curve named next.layer1.weight, which is what the step writes: backpropagation.",
    rule: rule("next-objective", (workspace) => ({
      ...hebbUpdates(workspace, 1),
      objectives: [
        {
          of: undefined,
          name: "next.layer1.weight",
          value: layerAt(workspace, 1).stored.weight.sub(gradientOfFirst(workspace).mul(0.1)),
        },
      ],
    })),
    refused: 'expected the objective "next.layer1.weight" to be a scalar, got sub f32[6, 4]',
  },
  {
    name: "objective named loss",
    why: "A curve named loss takes the place of the loss that is recorded; it reads the label, and nothing names it.",
    rule: rule("loss-objective", (workspace) => ({
      ...hebbUpdates(workspace),
      objectives: [{ of: undefined, name: "loss", value: workspace.lossOf().mean().mul(1e-3) }],
    })),
    refused: 'expected another name than "loss" for an objective: it is taken',
  },
  {
    name: "objective named error",
    why: "A curve named error takes the place of the recorded error.",
    rule: rule("error-objective", (workspace) => ({
      ...hebbUpdates(workspace),
      objectives: [{ of: undefined, name: "error", value: workspace.errorOf().mean().mul(0.5) }],
    })),
    refused: 'expected another name than "error" for an objective: it is taken',
  },
  {
    name: "scores that are the label",
    why: "The trained network is judged by the one-hot target itself.",
    rule: hebbWith("label-scores", (view) => view.weight.mul(0), { scores: ({ target }) => target.mul(100) }),
    refused: 'expected scores made of symbols, weights and what is kept, got "labels"',
  },
  {
    name: "state named as a slot of the optimiser",
    why: "A state named momentum.layer3.weight, said to stay as it is, is the optimiser's slot: what layer 3 has learned.",
    rule: rule("momentum-state", (workspace) => {
      const slot = kept(workspace, "momentum.layer3.weight", [5, 2], "state");
      const [first, ...others] = hebbUpdates(workspace).slopes;
      if (first === undefined) throw new Error("no layer learns");
      return {
        slopes: [{ ...first, gradient: first.gradient.add(total(slot.tensor)) }, ...others],
        next: [{ state: slot, value: slot.tensor }],
      };
    }),
    refused: 'expected another name than "momentum.layer3.weight" for what it keeps',
  },
  {
    name: "fixed value named as a slot of the optimiser",
    why: "A value that never changes is named firstMoment.layer3.weight: what Adam keeps of layer 3's gradient.",
    rule: hebbWith("moment-fixed", (_, workspace) => laid(kept(workspace, "firstMoment.layer3.weight", [5, 2]).tensor)),
    refused: 'expected another name than "firstMoment.layer3.weight" for what it keeps',
  },
  {
    name: "fixed value named labels",
    why: "A value of the name labels is fed what the labels are fed.",
    rule: hebbWith("labels-fixed", (_, workspace) => laid(kept(workspace, "labels", [workspace.batch]).tensor)),
    refused: 'expected another name than "labels" for what it keeps',
  },
  {
    name: "fixed value named tokens",
    why: "A value of the name tokens is fed the input of the network, in a deep layer.",
    rule: hebbWith("tokens-fixed", (_, workspace) => laid(kept(workspace, "tokens", [workspace.batch, 2]).tensor), {
      at: 3,
    }),
    refused: 'expected another name than "tokens" for what it keeps',
  },
  {
    name: "state named learningRate",
    why: "The learning rate of all layers becomes a state that the rule moves by the loss.",
    rule: rule("rate-state", (workspace) => {
      const rate = kept(workspace, "readoutLearningRate", [], "state");
      return {
        ...hebbUpdates(workspace),
        next: [{ state: rate, value: rate.tensor.add(workspace.lossOf().mean()) }],
      };
    }),
    refused: 'expected another name than "readoutLearningRate" for what it keeps',
  },
  {
    name: "fixed value named as another layer's noise",
    why: "Layer 2 learns with noise of its own; at layer 1 a fixed value of the same name is fed that noise.",
    rule: rule("noise-fixed", (workspace) => {
      const secret = [
        kept(workspace, "noise.layer2.xi", [3]).tensor.sum(),
        layerAt(workspace, 2).noise("xi", [3], "normal").sum(),
      ];
      const { slopes } = hebbUpdates(workspace);
      return {
        slopes: slopes.map(({ parameter, gradient }, i) => ({ parameter, gradient: gradient.add(secret[i] ?? 0) })),
      };
    }),
    refused: 'expected another name than "noise.layer2.xi" for what it keeps',
  },
  {
    name: "between that reads the labels by closure",
    why: "What layers pass on holds the label once the rule has been traced, where the batch is that of the labels.",
    rule: () => {
      const known: { labels?: Tensor } = {};
      return hebbWith(
        "between-labels",
        (_, workspace) => {
          known.labels = workspace.labels;
          const { pre, post } = workspace.further({}).at({ index: 2 });
          return layerAt(workspace, 2).outer(pre, post);
        },
        {
          at: 2,
          between: () => {
            delete known.labels;
            return (_, { post }) =>
              known.labels?.size(0) === post.size(0) ? post.add(known.labels.cast("float32").expand(1)) : post;
          },
        },
      )();
    },
    refused: `expected between made of a layer's activity alone, got "labels"`,
  },
  {
    name: "between that passes on a weight",
    why: "What layer 2 passes on holds layer 1's weight, found in the graph of its own drive or made by its name; layer 3 learns from its input.",
    rule: hebbWith("between-weights", (view) => laid(view.pre), {
      at: 3,
      between: () => (layer, here) => {
        const found = topological([here.pre]).find(
          (node) => is(node, "input") && node.attributes.name === "layer1.weight",
        );
        const weight = found ?? input("layer1.weight", [6, 4]);
        return layer.index === 2 ? here.post.add(total(weight)) : here.post;
      },
    }),
    refused: `between made of a layer's activity alone, got "layer1.weight"`,
  },
  {
    name: "between that makes samples meet",
    why: "What layer 1 passes on is the batch's largest activity of every unit.",
    rule: hebbWith("between-samples", (view) => laid(view.pre), {
      at: 2,
      between:
        () =>
        (layer, { post }) =>
          layer.index === 1 ? post.sub(post.max(0, { keepdims: true })) : post,
    }),
    exposed: ({ layers }) => layers[1]?.coupling === "dependent",
  },
  {
    name: "own weights by a decay",
    why: "Weights forget a share at each step: the change reads them, and is no part of the graph.",
    rule: rule("decay", (workspace) => {
      const updates = hebbUpdates(workspace);
      return { ...updates, decays: updates.slopes.map(({ parameter }) => ({ parameter, rate: 0.5 })) };
    }),
    exposed: namesSignal("weight"),
  },
  {
    name: "read-out made to forget",
    why: "The read-out is no business of a rule; a decay of more than 1 turns it round at each step.",
    rule: rule("readout-decay", (workspace) => ({
      ...hebbUpdates(workspace),
      decays: workspace.readout.parameters.map((parameter) => ({ parameter, rate: 2 })),
    })),
    refused: 'expected the decay of "readout.weight" to be a share from 0 to below 1, got 2',
  },
  {
    name: "pseudo-gradient of the read-out",
    why: "The rule changes the read-out itself.",
    rule: rule("readout-slope", (workspace) => ({
      slopes: workspace.readout.parameters.map((parameter) => ({ parameter, gradient: parameter.tensor })),
    })),
    refused:
      'expected a pseudo-gradient of one of its own, got "readout.weight" (weight), which is not for it to change',
  },
  {
    name: "next value of a fixed value",
    why: "What never changes is given a next value: the label.",
    rule: rule("fixed-next", (workspace) => {
      const value = kept(workspace, "memory", []);
      return {
        ...hebbUpdates(workspace),
        next: [{ state: value, value: workspace.labels.cast("float32").sum() }],
      };
    }),
    refused: 'expected a next value of one of its own, got "memory" (fixed), which is not for it to change',
  },
  {
    name: "state and head of one name",
    why: "A value has a next value and a pseudo-gradient at once.",
    rule: hebbWith("one-name", (view) => {
      const state = view.state("both", [], 0);
      return { weight: total(view.head("both", [], 0)), next: [state.becomes(view.post.sum())] };
    }),
    refused: "expected one value of this name, got a head [] after a state []; rename one",
  },
  {
    name: "updates that change when they are read again",
    why: "The pseudo-gradients are Hebb's the first times they are asked for, and backpropagation's afterwards.",
    rule: () => {
      let asked = 0;
      return rule("changing-updates", (workspace) => {
        const [first, ...others] = hebbUpdates(workspace).slopes;
        if (first === undefined) throw new Error("no layer learns");
        const gradient = gradientOfFirst(workspace);
        return {
          get slopes() {
            return ++asked <= 3 ? [first, ...others] : [{ ...first, gradient }, ...others];
          },
        };
      })();
    },
    without: "layer3.weight",
  },
  {
    name: "an input of its own",
    why: "A graph input named as layer 3's weight is asked for without the registry.",
    rule: hebbWith("own-input", () => laid(input("layer3.weight", [5, 2]))),
    refused: 'got an input of its own, "layer3.weight"; ask for it by state, fixed, head or noise',
  },
];
