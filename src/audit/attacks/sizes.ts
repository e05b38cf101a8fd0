/** Rules that are local on the network and batch of the certificate, and not on those of a run. */
import type { Tensor } from "../../graph/index.ts";
import type { Workspace } from "../../rules/index.ts";
import { type Attack, hebbWith, layerAt, namesWeights, total } from "./attack.ts";

const secret = (workspace: Workspace): Tensor => total(layerAt(workspace, 3).stored.weight);
const none = (workspace: Workspace): Tensor => total(layerAt(workspace, 1).post).mul(0);

/** Reads layer 3's weight where a condition holds. */
const where = (id: string, holds: (workspace: Workspace) => boolean) =>
  hebbWith(id, (_, workspace) => (holds(workspace) ? secret(workspace) : none(workspace)));

export const sizes: readonly Attack[] = [
  {
    name: "large batches",
    batch: 16,
    why: "Layer 3's weight is read where the batch has more than 8 samples.",
    rule: where("large-batch", ({ batch }) => batch > 8),
    exposed: namesWeights(3),
  },
  {
    name: "even batches",
    batch: 4,
    why: "Layer 3's weight is read where the batch is of even size.",
    rule: where("even-batch", ({ batch }) => batch % 2 === 0),
    exposed: namesWeights(3),
  },
  {
    name: "a factor that vanishes in small batches",
    batch: 16,
    why: "Layer 3's weight is multiplied by a number computed from the shape of a signal: 0 for a batch of 3.",
    rule: hebbWith("batch-factor", (view, workspace) => secret(workspace).mul(Math.max(0, view.post.size(-2) - 3))),
    exposed: namesWeights(3),
  },
  {
    name: "more than one batch in slices",
    batch: 16,
    why: "What lies beyond the third sample of a concatenation is 0 here and a weight there.",
    rule: hebbWith("beyond-three", (view, workspace) => {
      const beyond = view.post.size(0) - 3;
      return beyond > 0 ? secret(workspace).mul(total(view.post.narrow(0, 3, 3 + beyond))) : none(workspace);
    }),
    exposed: namesWeights(3),
  },
  {
    name: "wide layers",
    on: "wide",
    why: "Layer 3's weight is read where layers have more than 20 units.",
    rule: where("wide-layers", (workspace) => layerAt(workspace, 1).units > 20),
    exposed: namesWeights(3),
  },
  {
    name: "a factor that grows with the width",
    on: "wide",
    why: "Layer 3's weight is multiplied by max(0, units - 16).",
    rule: hebbWith("width-factor", (view, workspace) => secret(workspace).mul(Math.max(0, view.units - 16))),
    exposed: namesWeights(3),
  },
  {
    name: "positions",
    on: "tree",
    why: "Layer 3's weight is read where layers have positions.",
    rule: where("positions", (workspace) => layerAt(workspace, 1).layer.positions > 1),
    exposed: namesWeights(3),
  },
  {
    name: "classes",
    why: "Layer 3's weight is read where there are four classes.",
    rule: where("classes", ({ classes }) => classes === 4),
    exposed: namesWeights(3),
  },
  {
    name: "depth",
    why: "Layer 3's weight is read where there are three layers.",
    rule: where("depth", ({ layers }) => layers.length === 3),
    exposed: namesWeights(3),
  },
  {
    name: "another graph the second time",
    why: "The first trace is Hebb's rule; later ones read layer 3's weight.",
    rule: () => {
      let traced = 0;
      return where("second-trace", () => ++traced > 1)();
    },
    without: "layer3.weight",
  },
];
