/** Look-alikes of forward passes, for which the certificate would have to vouch. */
import { constant, type Tensor } from "../../graph/index.ts";
import { activate } from "../../networks/index.ts";
import type { LayerView, Workspace } from "../../rules/index.ts";
import {
  type Attack,
  hebbWith,
  laid,
  layerAt,
  namesAnyWeights,
  namesLabel,
  namesPositions,
  namesUnits,
  namesWeights,
  total,
} from "./attack.ts";

/** The drive of a layer in another pass, which is made with other terms. */
const dot = (view: LayerView, x: Tensor): Tensor => x.matmul(view.stored.weight);
const third = (workspace: Workspace): Tensor => layerAt(workspace, 3).stored.weight;

export const vouching: readonly Attack[] = [
  {
    name: "forward pass with a whiff of a weight",
    why: "Layer 2 is computed again with 1e-30 times the sum of layer 3's weight in its drive, which is blown up again by the difference.",
    rule: hebbWith("whiff", (_, workspace) => {
      const two = layerAt(workspace, 2);
      const again = activate(two.layer, two.preactivation.add(total(third(workspace)).mul(1e-30)));
      return laid(again.sub(two.post).mul(1e30));
    }),
    exposed: namesWeights(3),
  },
  {
    name: "almost the scores",
    why: "Scores with the read-out's weight added, called an error once the target is taken off them.",
    rule: hebbWith(
      "almost-scores",
      (_, workspace) => {
        const { readout } = workspace;
        return laid(workspace.errorAt(readout.post.add(readout.stored.weight.sum(0))));
      },
      { reads: ["pre", "post", "outputError"] },
    ),
    exposed: namesWeights("readout"),
  },
  {
    name: "scores of features times a weight",
    why: "The read-out answers to features scaled by layer 1's weight; the answer is judged, and nobody looks behind a judgement.",
    rule: hebbWith(
      "scaled-features",
      (_, workspace) => {
        const { readout } = workspace;
        const scores = readout.drive(readout.pre.mul(total(layerAt(workspace, 1).stored.weight)));
        return laid(workspace.errorAt(scores));
      },
      { at: 3, reads: ["pre", "post", "outputError"] },
    ),
    exposed: namesWeights(1),
  },
  {
    name: "weight shown to the layer above",
    why: "Layer 2's weight times a one made of data drives layer 3, which makes the weight itself layer 2's activity.",
    rule: hebbWith(
      "shown-above",
      (_, workspace) => {
        const three = layerAt(workspace, 3);
        const one = total(three.pre).equal(total(three.pre)).cast("float32");
        const shown = layerAt(workspace, 2).stored.weight.mul(one);
        return laid(shown).add(total(three.drive(shown)).mul(1e-30));
      },
      { reads: ["pre", "post", "otherActivity", "secondPhase"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesWeights(2),
  },
  {
    name: "units meet in a nudge of their own",
    why: "A unit's drive plus the sum of all drives, through the nonlinearity, counts as the unit's own output in a second pass.",
    rule: hebbWith(
      "nudged-by-all",
      (view) => {
        const { preactivation } = view;
        return view.outer(view.pre, view.activate(preactivation.add(preactivation.sum(-1, { keepdims: true }))));
      },
      { reads: ["pre", "post", "secondPhase"] },
    ),
    proof: "units meet",
    exposed: namesUnits,
  },
  {
    name: "positions meet in a nudge of their own",
    on: "tree",
    why: "A unit's drive plus its drives at all positions, through the nonlinearity, counts as its output in a second pass.",
    rule: hebbWith(
      "nudged-by-positions",
      (view, { batch }) => {
        const { positions, outFeatures } = view.layer;
        const u = view.preactivation;
        const places = u.reshape([batch, positions, outFeatures]);
        const all = places.sum(1, { keepdims: true }).broadcastTo(places.shape).reshape(u.shape);
        return view.outer(view.pre, view.activate(u.add(all)));
      },
      { reads: ["pre", "post", "secondPhase"] },
    ),
    exposed: namesPositions,
  },
  {
    name: "units rolled into a nudge",
    why: "What is added to a unit's drive is that of its neighbour, less its own.",
    rule: hebbWith(
      "rolled-nudge",
      (view) => {
        const { preactivation: u } = view;
        const next = u.gather(constant([1, 2, 3, 0], [4], "int32"), 1);
        return view.outer(view.pre, view.activate(u.add(next.sub(u))));
      },
      { reads: ["pre", "post", "secondPhase"] },
    ),
    exposed: namesUnits,
  },
  {
    name: "label in a nudge of another layer",
    why: "The label is added to layer 2's drive and read back from the difference of the two outputs.",
    rule: hebbWith("label-nudge", (_, workspace) => {
      const two = layerAt(workspace, 2);
      const label = workspace.labels.cast("float32").expand(1);
      return laid(two.activate(two.preactivation.add(label)).sub(two.post));
    }),
    exposed: namesLabel,
  },
  {
    name: "a slice of the pass as the pass",
    why: "One example's drive by layer 3's weight is computed apart, from a slice of the input.",
    rule: hebbWith("one-example", (_, workspace) => {
      const three = layerAt(workspace, 3);
      return laid(
        dot(three, three.pre.narrow(0, 0, 1))
          .mul(1e-30)
          .add(total(third(workspace))),
      );
    }),
    exposed: namesWeights(3),
  },
  {
    name: "stored output with another weight",
    why: "A pass of the same form with layer 3's weight plus layer 2's sum in place of its own.",
    rule: hebbWith("other-parameters", (_, workspace) => {
      const sum = total(layerAt(workspace, 2).stored.weight);
      const pass = workspace.further({
        perturbParameters: (layer, own) => (layer.index === 3 ? { ...own, weight: own.weight.add(sum) } : own),
      });
      return laid(pass.at({ index: 3 }).post);
    }),
    exposed: namesWeights(2),
  },
  {
    name: "a weight in what layers pass on",
    why: "In a further pass layer 1 passes on its activity times the read-out's weight; layer 2's drive is read.",
    rule: hebbWith("carried", (_, workspace) => {
      const factor = total(workspace.readout.stored.weight);
      const pass = workspace.further({ between: (layer, { post }) => (layer.index === 1 ? post.mul(factor) : post) });
      return laid(pass.at({ index: 2 }).preactivation);
    }),
    exposed: namesAnyWeights,
  },
];
