/**
 * Deep targets by sampling: of some candidates for a layer's activity, the one that serves the output best is its target.
 *
 * Layers above carry a candidate forwards as they are; nothing but the number of the winner comes back, log2(1 + S) bits for all units
 * of the layer: no derivative of the network above, no transported weight. The present state among the candidates makes targets that
 * never serve worse than the state they start from; all layers search at once or, with `turns=cycle`, one layer a step.
 */
import { z } from "zod";
import { concat, type Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import { defineRule, inTurns, type LayerView, type Workspace } from "../contract/index.ts";

const options = z.strictObject({
  candidates: z.enum(["gaussian", "binary"]).default("gaussian").describe("how candidate states are drawn"),
  samples: z.int().positive().default(8).describe("S, candidates beside the present state"),
  deviation: z.number().positive().default(0.1).describe("candidates=gaussian: sigma"),
  flip: z.number().positive().lt(1).default(0.1).describe("candidates=binary: probability p that a unit is flipped"),
  error: z
    .enum(["cross-entropy", "squared", "misclassified"])
    .default("cross-entropy")
    .describe("E: cross-entropy, half the squared distance of softmax and target, or 1 for a wrong class and 0 else"),
  gate: z.enum(["own", "none"]).default("own").describe("whether the delta rule has the unit's slope f'(a)"),
  turns: z
    .enum(["together", "cycle"])
    .default("together")
    .describe("all layers learn at each step, or one after another"),
});
export type DeepTargetsOptions = z.output<typeof options>;

/** Values that a unit cannot leave: the range of its activation. */
function intoRange({ activation }: Layer, x: Tensor): Tensor {
  switch (activation) {
    case "relu":
      return x.relu();
    case "tanh":
      return x.maximum(-1).minimum(1);
    case "linear":
      return x;
    default:
      return activation satisfies never;
  }
}

/** The states tried for a layer, the present one first: [batch, 1 + S, units at all positions]. */
function candidatesOf(view: LayerView, chosen: DeepTargetsOptions): Tensor {
  const { layer } = view;
  const present = view.perExample(view.post).expand(1);
  const shape = [present.size(0), chosen.samples, present.size(2)];
  if (chosen.candidates === "gaussian") {
    const drawn = view.noise("candidates", shape, "normal").mul(chosen.deviation);
    return concat([present, intoRange(layer, present.add(drawn))], 1);
  }
  const low = layer.activation === "relu" ? 0 : -1;
  const isHigh = present.greater(0);
  const [code, opposite] = [isHigh.where(1, low), isHigh.where(low, 1)];
  const flipped = view.noise("candidates", shape, "uniform").less(chosen.flip);
  return concat([code, flipped.where(opposite, code)], 1);
}

/** E of every candidate, [batch, 1 + S], from their scores [batch * (1 + S), classes]. */
function errors(
  scores: Tensor,
  { target, labels, batch, classes }: Workspace,
  error: DeepTargetsOptions["error"],
): Tensor {
  const each = scores.reshape([batch, scores.size(0) / batch, classes]);
  switch (error) {
    case "cross-entropy":
      return each.logSoftmax(-1).mul(target.expand(1)).sum(-1).neg();
    case "squared":
      return each.softmax(-1).sub(target.expand(1)).square().sum(-1).mul(0.5);
    case "misclassified":
      return each.argmax(-1).equal(labels.expand(1)).where(0, 1);
    default:
      return error satisfies never;
  }
}

/** Which candidate won, i32 [batch]: least error, then least distance to the present activity, then the first. */
function winner(error: Tensor, distance: Tensor): Tensor {
  const least = error.neg().max(1, { keepdims: true }).neg();
  const fartherThanAny = 1e30;
  const ranked = error.lessEqual(least).where(distance.neg(), -fartherThanAny);
  return ranked.argmax(1);
}

/** T_l */
function targetOf(workspace: Workspace, view: LayerView, chosen: DeepTargetsOptions): Tensor {
  const tried = candidatesOf(view, chosen);
  const [batch = 1, count = 1, units = 1] = tried.shape;
  const distance = tried.sub(view.perExample(view.post).expand(1)).square().sum(2);
  // Layers below do their work for nobody here, and are dropped from the graph.
  const pass = workspace.further({
    between: (layer, { post }) =>
      layer === view.layer ? view.fromExamples(tried.reshape([batch * count, units])) : post,
  });
  const won = winner(errors(pass.readout.post, workspace, chosen.error), distance);
  return view.fromExamples(tried.mul(won.oneHot(count).expand(2)).sum(1));
}

/** Deep targets by sampling. */
export const deepTargets = defineRule(
  {
    id: "deep-targets",
    family: "settling and targets",
    equation:
      "dW_l = <h_{l-1} (f'(a_l) * (T_l - h_l))^T>,  T_l = argmin over c of E(network above layer l on c),  c in { c_0, c_1 ... c_S },  ties: least |c - h_l|",
    symbols:
      "candidates are whole states of the layer, drawn for each example around its present state c_0: gaussian, c_0 = h_l and c_s = h_l + sigma xi, brought back into the range of f; " +
      "binary, c_0 the code of h_l, high where h_l > 0 and low elsewhere (1 and 0 for relu, else 1 and -1), and c_s = c_0 with each unit flipped with probability p",
    source: "deep targets of Baldi and Sadowski 2016, in which all or some of a layer's binary states are tried",
    choices:
      "The continuous form; the neighbourhood of the present state in place of unconditional draws, as S is far below 2^units; squared distance for ties; the delta rule " +
      "with the unit's own slope (gate=own) or as a perceptron without it (gate=none). Binary codes are for units that saturate, being far from the activity of others.",
    relation: "none",
    reads: ["pre", "post", "preactivation", "lateral", "positions", "broadcast", "noise"],
    options,
  },
  (workspace, chosen) => {
    const updates = {
      slopes: workspace.layers.flatMap((view) => {
        const delta = view.post.sub(targetOf(workspace, view, chosen));
        return view.descend(chosen.gate === "own" ? view.gate(delta) : delta);
      }),
    };
    return chosen.turns === "together" ? updates : inTurns(workspace, updates, { steps: 1, again: true });
  },
);
