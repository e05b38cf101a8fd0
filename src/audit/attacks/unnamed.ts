/** What no signal names: numbers that pass as broadcasts or as errors, and what lies beside a synapse. */
import { concat, constant, range, type Tensor } from "../../graph/index.ts";
import { credit, type LayerView, type Workspace } from "../../rules/index.ts";
import {
  aboveOf,
  type Attack,
  backpropagation,
  cardOf,
  hebbWith,
  layerAt,
  namesActivity,
  namesInputs,
  namesLabel,
  namesMemory,
  namesPositions,
  namesSignal,
  namesUnits,
  namesWeights,
  total,
} from "./attack.ts";

/** Each column by itself, side by side again. */
const columns = (x: Tensor, of: (column: Tensor) => Tensor = (column) => column): Tensor =>
  concat(
    range(x.size(1)).map((unit) => of(x.narrow(1, unit, unit + 1))),
    1,
  );
/** A loss too small to matter. */
const whiff = (workspace: Workspace): Tensor => workspace.lossOf().mul(1e-30);
const one = (x: Tensor): Tensor => total(x).equal(total(x)).cast("float32");

/** A layer's weight, number by number, in answer to probes made of data; twice the probe less the probe is the answer without the bias. */
function weightByNumbers(view: LayerView): Tensor {
  const n = view.layer.inFeatures;
  const power = (row: number): Tensor =>
    constant(
      range(n).map((i) => (i === row ? 0 : 1e4)),
      [1, n],
    );
  const rows = range(n).map((row) => {
    const probe = one(view.pre).sigmoid().mul(0.5).pow(power(row));
    return columns(view.drive(probe.mul(2)).sub(view.drive(probe)));
  });
  return concat(rows, 0);
}

/** A layer's own weight, in answer to an identity that is made of data. */
function ownWeight(view: LayerView): Tensor {
  const n = view.layer.inFeatures;
  const power = constant(
    range(n).flatMap((i) => range(n).map((j) => (i === j ? 0 : 1e4))),
    [n, n],
  );
  return view.drive(one(view.pre).sigmoid().mul(0.5).pow(power));
}

export const unnamed: readonly Attack[] = [
  {
    name: "another layer unit by unit",
    why: "Layer 2's activity comes in as one number for each example and unit, each of which passes as a broadcast.",
    rule: hebbWith("unit-broadcasts", (_, workspace) => total(columns(layerAt(workspace, 2).post)), {
      reads: ["pre", "post", "broadcast"],
    }),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesActivity(2),
  },
  {
    name: "backpropagation in broadcasts",
    why: "Errors, gates, and answers to probes made of data come in one number at a time: each is a broadcast, together they are backpropagation.",
    rule: credit({
      ...cardOf("broadcast-backpropagation", ["pre", "preactivation", "broadcast"]),
      teach: (workspace) => {
        let error = columns(workspace.outputError);
        return [...workspace.layers]
          .reverse()
          .map((view) => {
            const message = error.matmul(weightByNumbers(aboveOf(view)).transposeLast());
            const gates = columns(view.preactivation, (unit) => unit.greater(0).where(1, 0));
            error = message.mul(gates);
            return view.gate(message);
          })
          .reverse();
      },
    }),
    proof: "backpropagation",
    exposed: (certificate) => namesSignal("otherActivity")(certificate) || namesSignal("otherWeight")(certificate),
  },
  {
    name: "another unit's noise",
    why: "A unit learns by its neighbour's perturbation and the loss: noise is not told apart unit by unit.",
    rule: hebbWith(
      "lateral-noise",
      (view, workspace) => {
        const xi = view.noise("xi", "units", "normal");
        const pass = workspace.further({
          perturb: (layer, drive) => (layer.index === view.index ? drive.add(xi.mul(0.01)) : drive),
        });
        const rise = view.toEverySample(workspace.lossOf(pass).sub(workspace.lossOf()));
        const next = xi.gather(constant([1, 2, 3, 0], [4], "int32"), 1);
        return view.outer(view.pre, next.mul(rise));
      },
      { reads: ["pre", "post", "broadcast", "noise"] },
    ),
    exposed: namesUnits,
  },
  ...(["transposed", "flat", "rolled"] as const).map((layout) => ({
    name: `another unit's noise, ${layout}`,
    why: "A unit learns by its neighbour's perturbation; which number is whose is seen from the drives alone.",
    rule: hebbWith(
      `lateral-noise-${layout}`,
      (view, workspace) => {
        const next = (x: Tensor): Tensor => x.gather(constant([1, 2, 3, 0], [4], "int32"), 1);
        const [batch, { units }] = [workspace.batch, view];
        const xi = {
          transposed: () => view.noise("xi", [units, batch], "normal").transposeLast(),
          flat: () => view.noise("xi", [batch * units], "normal").reshape([batch, units]),
          rolled: () => next(view.noise("xi", "units", "normal")),
        }[layout]();
        const pass = workspace.further({
          perturb: (layer, drive) => (layer.index === view.index ? drive.add(xi.mul(0.01)) : drive),
        });
        const rise = view.toEverySample(workspace.lossOf(pass).sub(workspace.lossOf()));
        return view.outer(view.pre, next(next(next(xi))).mul(rise));
      },
      { reads: ["pre", "post", "broadcast", "noise"] },
    ),
    exposed: namesUnits,
  })),
  {
    name: "gates unit by unit",
    why: "Feedback alignment through the gates above, each gate a broadcast.",
    rule: hebbWith(
      "gate-broadcasts",
      (view, workspace) => {
        const two = layerAt(workspace, 2);
        const gates = columns(two.preactivation, (unit) => unit.greater(0).where(1, 0));
        const sent = workspace.outputError.matmul(two.fixed("back", [4, 5], { kind: "normal", deviation: 1 }));
        const back = sent.mul(gates).matmul(view.fixed("back", [5, 4], { kind: "normal", deviation: 1 }));
        return view.outer(view.pre, view.gate(back)).neg();
      },
      { reads: ["pre", "post", "preactivation", "outputError", "neighbour", "broadcast"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesActivity(2),
  },
  {
    name: "input unit by unit",
    why: "The first layer's input reaches layer 3 as broadcasts.",
    rule: hebbWith("input-broadcasts", (_, workspace) => total(columns(layerAt(workspace, 1).pre)), {
      at: 3,
      reads: ["pre", "post", "broadcast"],
    }),
    exposed: namesActivity(0),
  },
  {
    name: "scores class by class",
    why: "The scores reach layer 1 one by one, as broadcasts: no error vector, and no activity.",
    rule: hebbWith("score-broadcasts", (_, workspace) => total(columns(workspace.readout.post)), {
      reads: ["pre", "post", "broadcast"],
    }),
    proof: { moves: 1, by: "readout.weight" },
    exposed: (certificate) => namesActivity("readout")(certificate) || namesSignal("outputError")(certificate),
  },
  {
    name: "three units as one broadcast",
    why: "Means over a batch of 3 of three units of layer 2 are three numbers for three examples.",
    rule: hebbWith(
      "means-broadcast",
      (_, workspace) =>
        layerAt(workspace, 2)
          .post.narrow(1, 0, 3)
          .mean(0)
          .mul(constant([1, 10, 100], [3]))
          .sum(),
      { reads: ["pre", "post", "broadcast"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesActivity(2),
  },
  {
    name: "neighbour as a broadcast",
    why: "Each unit's activity plus 1e-30 of the loss passes as a broadcast, and what a broadcast is made of is not lateral.",
    rule: hebbWith(
      "lateral-broadcast",
      (view, workspace) => {
        const told = columns(view.post, (unit) => unit.add(whiff(workspace).expand(1)));
        return view.outer(view.pre, view.post.mul(told.sum(1, { keepdims: true })));
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    proof: "units meet",
    exposed: namesUnits,
  },
  {
    name: "positions as a broadcast",
    on: "tree",
    why: "The sum of an example's positions at one unit, plus 1e-30 of the loss, passes as a broadcast.",
    rule: hebbWith(
      "position-broadcast",
      (view, workspace) => {
        const unit = view.perExample(view.post).narrow(1, 0, 1).add(whiff(workspace).expand(1));
        return view.outer(view.pre, view.post.mul(view.toEverySample(unit)));
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    exposed: namesPositions,
  },
  {
    name: "label as an error",
    why: "The target plus 1e-30 of the scores is made of scores and labels alone, and passes as an output error.",
    rule: hebbWith(
      "label-error",
      (_, workspace) => total(workspace.target.add(workspace.readout.post.mul(1e-30)).mul(constant([1, 2, 3, 4], [4]))),
      { reads: ["pre", "post", "outputError"] },
    ),
    proof: { moves: 1, by: "labels" },
    exposed: namesLabel,
  },
  {
    name: "label as a broadcast",
    why: "The number of the class plus 1e-30 of the loss is one number for each example.",
    rule: hebbWith("label-broadcast", (_, workspace) => total(workspace.labels.cast("float32").add(whiff(workspace))), {
      reads: ["pre", "post", "broadcast"],
    }),
    proof: { moves: 1, by: "labels" },
    exposed: namesLabel,
  },
  {
    name: "label class by class",
    why: "A broadcast for each class says whether it is the example's: target projection without a target.",
    rule: hebbWith(
      "label-broadcasts",
      (view, workspace) => {
        const told = columns(workspace.target, (one) => one.add(whiff(workspace).expand(1)));
        return view.outer(view.pre, told.matmul(view.fixed("back", [4, 4], { kind: "normal", deviation: 1 })));
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    proof: { moves: 1, by: "labels" },
    exposed: namesLabel,
  },
  {
    name: "error class by class",
    why: "Each class's error is a broadcast; together they are the error vector.",
    rule: hebbWith(
      "error-broadcasts",
      (view, workspace) => {
        const error = columns(workspace.outputError, (one) => one.mul(1));
        return view.outer(view.pre, error.matmul(view.fixed("back", [4, 4], { kind: "normal", deviation: 1 })));
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    exposed: namesSignal("outputError"),
  },
  {
    name: "own weight in answer to a pattern",
    why: "The layer's own weight as its answer to an identity made of data, in a second pass.",
    rule: hebbWith("own-answer", (view) => ownWeight(view), { reads: ["pre", "post", "secondPhase"] }),
    exposed: namesSignal("weight"),
  },
  {
    name: "other inputs in a second pass",
    why: "The layer is driven by its input in another order, which becomes its input of a second pass: every synapse learns from its neighbour's.",
    rule: hebbWith(
      "other-inputs",
      (view) => {
        const n = view.layer.inFeatures;
        const { pre } = view;
        const next = pre
          .gather(
            constant(
              range(n).map((i) => (i + 1) % n),
              [n],
              "int32",
            ),
            1,
          )
          .mul(one(pre));
        const moved = pre.sum(1, { keepdims: true }).sub(pre);
        return view.outer(moved, view.activate(view.drive(moved))).add(total(next).mul(0));
      },
      { reads: ["pre", "post", "secondPhase"] },
    ),
    exposed: namesInputs,
  },
  {
    name: "input of another position",
    on: "tree",
    why: "The input at one position meets the activity at the next one.",
    rule: hebbWith("shifted-input", (view, workspace) => {
      const { positions, inFeatures } = view.layer;
      const places = view.pre.reshape([workspace.batch, positions, inFeatures]);
      const next = places.gather(
        constant(
          range(positions).map((i) => (i + 1) % positions),
          [positions],
          "int32",
        ),
        1,
      );
      return view.outer(next.reshape(view.pre.shape), view.post);
    }),
    exposed: namesPositions,
  },
  {
    name: "all inputs of a unit",
    why: "Every synapse learns from the sum of the unit's inputs.",
    rule: hebbWith("all-inputs", (view) => view.outer(view.pre.sum(1, { keepdims: true }).sub(view.pre), view.post)),
    exposed: namesInputs,
  },
  {
    name: "the step before",
    why: "The last batch's mean activity gates this one's.",
    rule: hebbWith("last-step", (view) => {
      const before = view.perUnit("before", 0);
      return { weight: view.outer(view.pre, view.post.mul(before.now)), next: [before.becomes(view.mean(view.post))] };
    }),
    exposed: namesMemory,
  },
  {
    name: "weight transport by least squares",
    why: "Layer 2's weight is what maps its input to its drive: gradient steps on the squared difference, on another layer's activity, kept in a head.",
    rule: backpropagation(
      "least-squares",
      (above) => {
        const steps = range(40).reduce(
          (weight) => {
            const error = above.pre.matmul(weight).sub(above.preactivation);
            return weight.sub(above.outer(above.pre, error).mul(0.1));
          },
          above.fixed("guess", above.stored.weight.shape, 0),
        );
        return steps;
      },
      ["pre", "preactivation", "outputError", "otherActivity", "neighbour"],
    ),
    exposed: (certificate) => namesActivity(2)(certificate) && namesSignal("neighbour")(certificate),
  },
  {
    name: "a weight as one number",
    why: "The sum of layer 3's weight, times each example's loss, looks like a broadcast.",
    rule: hebbWith(
      "scalar-weight",
      (_, workspace) =>
        workspace
          .lossOf()
          .mul(total(layerAt(workspace, 3).stored.weight))
          .mean(),
      { reads: ["pre", "post", "broadcast"] },
    ),
    exposed: namesWeights(3),
  },
  {
    name: "a weight behind a number",
    why: "The sum of layer 2's drive in answer to ones made of data is one number for each example: a broadcast, and its weights.",
    rule: hebbWith(
      "answered-number",
      (view, workspace) => {
        const two = layerAt(workspace, 2);
        return total(two.drive(one(two.pre).mul(two.pre.equal(two.pre).where(1, 0))).sum(1)).add(
          total(view.post).mul(0),
        );
      },
      { reads: ["pre", "post", "broadcast"] },
    ),
    proof: { moves: 1, by: "layer2.weight" },
    exposed: namesWeights(2),
  },
];
