/**
 * Deep targets by sampling: of some candidates for a layer's activity, the one that serves the output best is its target.
 *
 *   T_l = argmin over c of E(network above layer l on c),   c in { c_0, c_1 ... c_S },   ties: least |c - h_l|
 *   dW_l = <h_{l-1} (f'(a_l) * (T_l - h_l))^T>
 *
 * Candidates [batch, 1 + S, positions, out] are whole states of the layer, drawn for each sample around its present state c_0:
 *   gaussian   c_0 = h_l,   c_s = h_l + sigma xi, brought back into the range of f
 *   binary     c_0 = the code of h_l, high where h_l > 0 and low elsewhere (1 and 0 for relu, else 1 and -1), c_s = c_0 with each unit
 *              flipped with probability p: for units that saturate, as a binary code is far from the activity of others
 * Layers above carry a candidate forwards as they are; nothing but the number of the winner comes back, log2(1 + S) bits for all units
 * of the layer: no derivative of the network above, no transported weight. c_0 among the candidates makes targets that
 * never serve worse than the state they start from; all layers search at once or, with `turns=cycle`, one layer a step.
 * Source: deep targets of Baldi and Sadowski 2016, in which all or some of a layer's binary states are tried. Choices where it is
 * silent: the continuous form; the neighbourhood of the present state in place of unconditional draws, as S is far below 2^units;
 * squared distance for ties; the delta rule with the unit's own slope (gate=own) or as a perceptron without it (gate=none).
 */
import { z } from "zod";
import { concat, type Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import { defineRule, descend } from "../rule.ts";
import type { LayerView, Workspace } from "../workspace.ts";

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

/** The states tried for a layer, the present one first: [batch, 1 + S, positions, out]. */
function candidatesOf(workspace: Workspace, view: LayerView, chosen: DeepTargetsOptions): Tensor {
  const { layer, index, post } = view;
  const present = post.expand(1);
  const [batch, ...state] = post.shape;
  const shape = [batch ?? 1, chosen.samples, ...state];
  const name = `layer${index}.candidates`;
  if (chosen.candidates === "gaussian") {
    const drawn = workspace.noise(name, shape, "normal").mul(chosen.deviation);
    return concat([present, intoRange(layer, present.add(drawn))], 1);
  }
  const low = layer.activation === "relu" ? 0 : -1;
  const isHigh = present.greater(0);
  const [code, opposite] = [isHigh.where(1, low), isHigh.where(low, 1)];
  const flipped = workspace.noise(name, shape, "uniform").less(chosen.flip);
  return concat([code, flipped.where(opposite, code)], 1);
}

/** E of every candidate, [batch, 1 + S], from their logits [batch * (1 + S), classes]. */
function errors(logits: Tensor, labels: Tensor, error: DeepTargetsOptions["error"]): Tensor {
  const [classes, batch] = [logits.size(-1), labels.size(0)];
  const scores = logits.reshape([batch, logits.size(0) / batch, classes]);
  const target = labels.oneHot(classes).expand(1);
  switch (error) {
    case "cross-entropy":
      return scores.logSoftmax(-1).mul(target).sum(-1).neg();
    case "squared":
      return scores.softmax(-1).sub(target).square().sum(-1).mul(0.5);
    case "misclassified":
      return scores.argmax(-1).equal(labels.expand(1)).where(0, 1);
    default:
      return error satisfies never;
  }
}

/** Which candidate won, i32 [batch]: least error, then least distance to the present activity, then the first. */
function winner(error: Tensor, distance: Tensor): Tensor {
  const least = error.neg().max(1).neg().expand(1);
  const fartherThanAny = 1e30;
  const ranked = error.lessEqual(least).where(distance.neg(), -fartherThanAny);
  return ranked.argmax(1);
}

/** T_l, [batch, positions, out]. */
function targetOf(workspace: Workspace, view: LayerView, chosen: DeepTargetsOptions): Tensor {
  const tried = candidatesOf(workspace, view, chosen);
  const [batch = 1, count = 1, ...state] = tried.shape;
  const flat = tried.reshape([batch * count, ...state]);
  // Layers below do their work for nobody here, and are dropped from the graph.
  const distance = tried.sub(view.post.expand(1)).square().sum([2, 3]);
  const won = workspace.judge(
    { between: (layer, post) => (layer.index === view.index ? flat : post) },
    ({ logits }, labels) => winner(errors(logits, labels, chosen.error), distance),
  );
  return tried.mul(won.oneHot(count).reshape([batch, count, 1, 1])).sum(1);
}

/** Deep targets by sampling (Baldi and Sadowski 2016). */
export const deepTargets = defineRule<DeepTargetsOptions>(
  {
    id: "deep-targets",
    family: "settling and targets",
    equation: "dW_l = <h_{l-1} (f'(a_l) * (T_l - h_l))^T>,  T_l = the candidate for h_l with the least output error",
    source: "Baldi and Sadowski 2016",
    relation: "none",
    reads: ({ gate }) => ["pre", "post", ...(gate === "own" ? (["preactivation"] as const) : []), "noise", "broadcast"],
    options,
  },
  (workspace, chosen) => {
    const gradients: Record<string, Tensor> = {};
    for (const view of workspace.layers) {
      const delta = view.post.sub(targetOf(workspace, view, chosen));
      Object.assign(gradients, descend(view, chosen.gate === "own" ? view.gate(delta) : delta, workspace.batch));
    }
    if (chosen.turns === "together") return { gradients };

    const name = "deepTargets.turn";
    const turn = workspace.variable(
      { name, kind: "state", shape: [], initial: { kind: "constant", value: 0 } },
      "state",
    );
    const mine = Object.entries(gradients).map(([parameter, change]) => {
      const index = Number(/^layer(\d+)/.exec(parameter)?.[1]);
      return [parameter, turn.equal(index - 1).where(change, 0)] as const;
    });
    const next = turn.add(1);
    return {
      gradients: Object.fromEntries(mine),
      next: { [name]: next.less(workspace.layers.length).where(next, 0) },
    };
  },
);
