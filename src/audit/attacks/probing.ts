/** Weights read by driving layers with what the rule chose, and by judging such passes. */
import { concat, constant, range, type Tensor } from "../../graph/index.ts";
import type { LayerView, Pass, Workspace } from "../../rules/index.ts";
import {
  type Attack,
  backpropagation,
  hebbWith,
  laid,
  layerAt,
  namesAnyWeights,
  namesSignal,
  namesWeights,
  total,
  type TracedAttack,
} from "./attack.ts";

const eye = (n: number): Tensor => constant(identity(n), [n, n]);
const identity = (n: number): number[] => range(n).flatMap((i) => range(n).map((j) => (i === j ? 1 : 0)));
/** 1, out of data. */
const oneOf = (x: Tensor): Tensor => total(x).equal(total(x)).cast("float32");
const zeroOf = (x: Tensor): Tensor => total(x).less(total(x)).cast("float32");
/** A sum of rows for each input, divided by how often it was shown. */
const decoded = (codes: Tensor, answers: Tensor): Tensor =>
  codes.transposeLast().matmul(answers).div(codes.sum(0).maximum(1).expand(1));

/** What a layer adds to its drive when it is shown twice as much: its answer without the bias. */
const answerTo = (above: LayerView, probe: Tensor): Tensor => above.drive(probe.mul(2)).sub(above.drive(probe));

/** Exact backpropagation by the weights that a probe shows: `probe` is what drives a layer of n inputs. */
function stolen(
  name: string,
  why: string,
  weightOf: (above: LayerView, n: number, workspace: Workspace) => Tensor,
): TracedAttack {
  const id = name.replaceAll(" ", "-");
  return {
    name,
    why,
    rule: backpropagation(id, (above, workspace) => weightOf(above, above.layer.inFeatures, workspace)),
    exposed: namesAnyWeights,
    proof: "backpropagation",
  };
}

/** The drive in answer to the identity, as it is built. */
function answering(
  name: string,
  why: string,
  identityOf: (n: number, data: Tensor, view: LayerView, workspace: Workspace) => Tensor,
): TracedAttack {
  return stolen(name, why, (above, n, workspace) => answerTo(above, identityOf(n, above.pre, above, workspace)));
}

/** Loss of the pass in which the weight of layer 1 is moved at one place, by noise of one sign. */
function lossMoved(workspace: Workspace, place: number, sign: Tensor): Tensor {
  const { weight } = layerAt(workspace, 1).stored;
  const pattern = range(weight.size(0) * weight.size(1)).map((i) => (i === place ? 1e-2 : 0));
  const step = sign.mul(constant(pattern, weight.shape));
  const pass = workspace.further({
    perturbParameters: (layer, own) => (layer.index === 1 ? { ...own, weight: own.weight.add(step) } : own),
  });
  return workspace.lossOf(pass).sub(workspace.lossOf()).mean().mul(sign).mul(100);
}

/** An attack whose probes depend on what is in the batch. */
const sometimes = ({ name, why, rule }: TracedAttack): TracedAttack => ({ name, why, rule, exposed: namesAnyWeights });

const answerOf = (pass: Pass, index: number): Tensor => pass.at({ index }).preactivation;
const sign = (workspace: Workspace): Tensor => workspace.noise("probe", [], "sign");

export const probing: readonly Attack[] = [
  answering("constant identity", "Every layer is driven by the rows of a constant identity.", (n) => eye(n)),
  answering("identity kept fixed", "The identity is the initial value of something fixed.", (n, _, view) =>
    view.fixed("probe", [n, n], { kind: "identity" }),
  ),
  answering("data times zero plus the identity", "Data times 1e-30 is added to the identity.", (n, data) =>
    total(data).mul(1e-30).add(eye(n)),
  ),
  stolen(
    "sign noise times the identity",
    "Noise of one sign times the identity counts as noise; the sign is multiplied out again.",
    (above, n, workspace) => answerTo(above, eye(n).mul(sign(workspace))).mul(sign(workspace)),
  ),
  stolen(
    "codes of a permutation",
    "One-hot codes of a random permutation count as noise; the same codes put the answers back in order.",
    (above, n) => {
      const codes = above.noise("order", [n], "permutation").cast("int32").oneHot(n);
      return codes.transposeLast().matmul(answerTo(above, codes));
    },
  ),
  stolen(
    "the largest of noise",
    "A softmax of noise times 1e4 is a one-hot code drawn at random; the answers are sorted by it.",
    (above, n) => {
      const codes = above
        .noise("large", [8 * n, n], "normal")
        .mul(1e4)
        .softmax(-1);
      return decoded(codes, answerTo(above, codes));
    },
  ),
  answering(
    "identity glued together from data",
    "Data equal to itself is 1, less than itself 0; pieces of these are joined into the identity.",
    (n, data) => {
      const [one, zero] = [oneOf(data).reshape([1, 1]), zeroOf(data).reshape([1, 1])];
      return concat(
        range(n).map((i) =>
          concat(
            range(n).map((j) => (i === j ? one : zero)),
            1,
          ),
        ),
        0,
      );
    },
  ),
  answering("larger of data and identity", "The larger of tiny data and the identity passes as data.", (n, data) =>
    total(data).sigmoid().mul(1e-30).maximum(eye(n)),
  ),
  answering("smaller of data and identity", "The smaller of huge data and the identity passes as data.", (n, data) =>
    total(data).sigmoid().add(1e30).minimum(eye(n)),
  ),
  answering(
    "data to a chosen power",
    "A number between 0 and 1 to the power 0 is 1, to the power 1e4 it is 0.",
    (n, data) => total(data).sigmoid().mul(0.5).pow(eye(n).neg().add(1).mul(1e4)),
  ),
  answering("data divided by a pattern", "A one made of data is divided by 1 or by 1e38.", (n, data) =>
    oneOf(data).div(eye(n).neg().add(1).mul(1e38).add(eye(n))),
  ),
  sometimes(
    stolen(
      "codes of the label",
      "The class as a one-hot code drives layers of as many inputs or more: each answer is a row of the weight.",
      (above, n, workspace) => {
        const codes = workspace.labels.oneHot(n);
        return decoded(codes, answerTo(above, codes));
      },
    ),
  ),
  stolen(
    "a random choice that is kept",
    "A fixed random matrix of huge numbers, through a softmax, picks inputs one by one; a one made of data multiplies it.",
    (above, n) => {
      const codes = above
        .fixed("choice", [8 * n, n], { kind: "normal", deviation: 1e4 })
        .softmax(-1)
        .mul(oneOf(above.pre));
      return decoded(codes, answerTo(above, codes));
    },
  ),
  stolen(
    "a kept pattern times sign noise",
    "A fixed identity times noise of one sign counts as noise.",
    (above, n, workspace) => {
      const probe = above.fixed("probe", [n, n], { kind: "identity" });
      return answerTo(above, probe.mul(sign(workspace))).mul(sign(workspace));
    },
  ),
  {
    name: "own weights as loudness",
    why: "Each layer shows the one above its output times one of its own weights after the other; the answers, divided by the answer to its output, are these weights. The read-out's are replaced by fixed ones.",
    rule: backpropagation("loudness", (own) => {
      const { above } = own;
      const { weight } = own.stored;
      if (above === undefined) return own.fixed("back", weight.shape, { kind: "normal", deviation: 1 });
      const plain = total(above.drive(own.post.mul(0.5))).mul(2);
      const numbers = range(weight.size(0)).map((i) =>
        concat(
          range(weight.size(1)).map((j) => {
            const one = weight.narrow(0, i, i + 1).narrow(1, j, j + 1);
            return total(above.drive(own.post.mul(one)))
              .div(plain)
              .reshape([1, 1]);
          }),
          1,
        ),
      );
      return concat(numbers, 0);
    }),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: (certificate) => namesWeights(2)(certificate) && namesWeights(3)(certificate),
  },
  {
    name: "own weights behind a loss",
    why: "Layer 2 passes on its output times the sum of its own weights; only the loss of that pass is read.",
    rule: hebbWith(
      "loud-loss",
      (_, workspace) => {
        const factor = total(layerAt(workspace, 2).stored.weight);
        const pass = workspace.further({
          between: (layer, { post }) => (layer.index === 2 ? post.mul(factor) : post),
        });
        return workspace.lossOf(pass).mean();
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    exposed: namesWeights(2),
  },
  {
    name: "first weights as brightness",
    why: "The input is shown times the sum of layer 1's weights; layer 3 reads what layer 1 makes of it.",
    rule: hebbWith(
      "brightness",
      (_, workspace) => {
        const encoded = workspace.input.mul(total(layerAt(workspace, 1).stored.weight));
        return laid(answerOf(workspace.further({ encoded }), 1));
      },
      { at: 3, reads: ["pre", "post", "otherActivity", "secondPhase"] },
    ),
    exposed: namesWeights(1),
  },
  {
    name: "own weights as a probe",
    why: "Layer 1 brings its own weight to a pattern, which times a one made of data then drives layer 2: data times a weight is no pattern.",
    rule: hebbWith(
      "own-probe",
      (view, workspace) => {
        const { weight } = view.stored;
        const rows = eye(weight.size(0)).narrow(1, 0, weight.size(1));
        const answers = layerAt(workspace, 2).drive(weight.mul(oneOf(view.pre)));
        return rows.sub(weight).add(answers.sum(1, { keepdims: true }));
      },
      { reads: ["pre", "post", "weight", "otherActivity", "secondPhase"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesWeights(2),
  },
  {
    name: "input drawn as a pattern",
    why: "A further pass on the identity times sign noise as its input shows layer 1's weight to layer 3.",
    rule: hebbWith(
      "encoded-pattern",
      (_, workspace) => {
        const { positions, channels } = workspace.network.input;
        const n = positions * channels;
        const encoded = eye(n).mul(sign(workspace)).reshape([n, positions, channels]);
        return laid(answerOf(workspace.further({ encoded }), 1).mul(sign(workspace)));
      },
      { at: 3, reads: ["pre", "post", "noise", "otherActivity", "secondPhase"] },
    ),
    exposed: namesWeights(1),
  },
  {
    name: "layers made to pass on a pattern",
    why: "In a further pass layer 1 passes on the identity times sign noise; layer 2's drive is its weight.",
    rule: hebbWith(
      "between-pattern",
      (_, workspace) => {
        const shown = eye(4).mul(sign(workspace));
        const pass = workspace.further({ between: (layer, { post }) => (layer.index === 1 ? shown : post) });
        return laid(answerOf(pass, 2).mul(sign(workspace)));
      },
      { reads: ["pre", "post", "noise", "otherActivity", "secondPhase"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesWeights(2),
  },
  {
    name: "perturbed into a pattern",
    why: "Layer 1's drive is put down by its own and up by sign noise times a pattern; layer 2 answers to the pattern alone.",
    rule: hebbWith(
      "perturbed-pattern",
      (_, workspace) => {
        const up = eye(4)
          .narrow(0, 0, 3)
          .mul(workspace.noise("probe", [], "uniform"));
        const pass = workspace.further({
          perturb: (layer, drive) => (layer.index === 1 ? drive.sub(drive).add(up) : drive),
        });
        return laid(answerOf(pass, 2));
      },
      { reads: ["pre", "post", "noise", "otherActivity", "secondPhase"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesWeights(2),
  },
  {
    name: "gradient by loss differences",
    why: "A loss for each weight of layer 1, moved alone: the exact gradient, number by number as broadcasts.",
    rule: hebbWith(
      "finite-differences",
      (view, workspace) => {
        const { weight } = view.stored;
        const count = weight.size(0) * weight.size(1);
        const losses = range(count).map((place) => lossMoved(workspace, place, sign(workspace)).reshape([1]));
        return concat(losses).reshape(weight.shape);
      },
      { reads: ["pre", "post", "broadcast", "noise"], constants: "which weight is moved" },
    ),
    // 24 weights, 24 numbers.
    proof: { moves: 1, by: "labels" },
    exposed: ({ layers }) =>
      layers.some(
        ({ topDown, phases }) =>
          phases > 24 || topDown.reduce((sum, { kind, count }) => sum + (kind === "broadcast" ? count : 0), 0) >= 24,
      ),
  },
  {
    name: "probed scores as an error",
    why: "The read-out's answers to an identity of data are judged against the label: an error vector that is its weight.",
    rule: hebbWith(
      "judged-probes",
      (_, workspace) => {
        const { readout, labels } = workspace;
        const one = oneOf(readout.pre);
        const units = readout.layer.inFeatures;
        const rows = range(units).map((unit) => {
          const probe = one.sigmoid().pow(
            constant(
              range(units).map((j) => (j === unit ? 0 : 1e4)),
              [1, units],
            ),
          );
          return readout.drive(probe).logSoftmax(-1).add(labels.oneHot(4).sum().mul(1e-30));
        });
        return laid(concat(rows, 0));
      },
      { at: 3, reads: ["pre", "post", "outputError"] },
    ),
    proof: { moves: 3, by: "readout.weight" },
    exposed: namesWeights("readout"),
  },
  {
    name: "weights behind a loss",
    why: "In a further pass layer 3 is driven by its drive times layer 1's weight; only the loss of that pass is read.",
    rule: hebbWith(
      "behind-a-loss",
      (_, workspace) => {
        const factor = total(layerAt(workspace, 1).stored.weight);
        const pass = workspace.further({
          between: (layer, { post }) => (layer.index === 2 ? post.mul(factor) : post),
        });
        return workspace.lossOf(pass).mean();
      },
      { at: 2, reads: ["pre", "post", "broadcast"] },
    ),
    exposed: namesWeights(1),
  },
  {
    name: "a partner behind a loss",
    why: "The loss on another example of the same class is read; who that is only the label tells.",
    rule: hebbWith(
      "partner-loss",
      (_, workspace) => workspace.lossOf(workspace.partner({ kind: "same-class" })).mean(),
      { reads: ["pre", "post", "broadcast"] },
    ),
    proof: { moves: 1, by: "partner.same-class" },
    exposed: namesSignal("pair"),
  },
];
