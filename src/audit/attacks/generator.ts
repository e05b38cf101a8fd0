/**
 * Attacks by lot: a known secret, hidden behind a random composition of operations that depends on it, is added to Hebb's rule. The same
 * seed gives the same attack.
 */
import { concat, constant, full, range, scatterAdd, type Tensor } from "../../graph/index.ts";
import { type Random, stream } from "../../random/stream.ts";
import {
  defineRule,
  type LayerView,
  type NextValue,
  type Parameter,
  type Slope,
  State,
  type Updates,
  type Workspace,
} from "../../rules/index.ts";
import type { Certificate } from "../certificate/certificate.ts";
import {
  cardOf,
  type ExposedAttack,
  laid,
  layerAt,
  mixed,
  namesActivity,
  namesInputs,
  namesMemory,
  namesPositions,
  namesSamples,
  namesUnits,
  namesWeights,
} from "./attack.ts";

const secrets = ["weight", "label", "activity", "sample", "unit", "input", "position"] as const;
type Secret = (typeof secrets)[number];

/** Where a composition stands. */
interface Course {
  readonly random: Random;
  readonly view: LayerView;
  readonly workspace: Workspace;
  readonly next: NextValue[];
  readonly slopes: Slope[];
}

type Step = (x: Tensor, course: Course) => Tensor;

const among = <T>(random: Random, list: readonly T[]): T => list[random.integer(list.length)] as T;
const between = (random: Random, low: number, high: number): number => low + (high - low) * random.uniform();

/** One number, in which no element makes up for another. */
const weighed = (x: Tensor): Tensor => x.square().add(x).sum();

function rolled(x: Tensor, axis: number): Tensor {
  const n = x.size(axis);
  return x.gather(
    constant(
      range(n).map((i) => (i + 1) % n),
      [n],
      "int32",
    ),
    axis,
  );
}

/** The axis along which elements may change places: with samples as rows, a permutation might undo what the secret is. */
const freeAxis = (x: Tensor, secret: Secret): number => (secret === "sample" || secret === "position" ? x.rank - 1 : 0);

/** Steps that any value can take, by name; each keeps the shape. */
const steps = (secret: Secret): Readonly<Record<string, Step>> => ({
  affine: (x, { random }) => x.mul(between(random, 0.5, 2)).add(between(random, -1, 1)),
  bend: (x, { random }) => {
    const bent = [x.tanh(), x.sigmoid(), x.abs().add(1).sqrt(), x.tanh().exp(), x.square().add(1).log()];
    return among(random, bent);
  },
  divide: (x) => full(1, []).div(x.square().add(1)),
  scale: (x, { view }) => x.mul(view.post.mean().add(1)),
  where: (x, { random }) => x.greater(between(random, -0.5, 0.5)).where(x, x.mul(0.3)),
  "by noise": (x, { view }) =>
    view
      .noise(`coin${x.shape.join("-")}`, x.shape, "normal")
      .greater(0)
      .where(x, x.neg()),
  above: (x, { view }) => x.maximum(view.noise(`floor${x.shape.join("-")}`, x.shape, "uniform").sub(2)),
  turn: (x) => {
    const flat = laid(x).expand(0).transpose([1, 0]);
    return flat.reshape(x.shape);
  },
  reorder: (x, { random }) => {
    const axis = freeAxis(x, secret);
    return x.gather(constant([...random.permutation(x.size(axis))], [x.size(axis)], "int32"), axis);
  },
  "look up": (x, { view }) => {
    const axis = freeAxis(x, secret);
    const n = x.size(axis);
    const shift = view.pre
      .sum()
      .floor()
      .minimum(n - 1)
      .maximum(0)
      .cast("int32")
      .reshape([1]);
    return x.add(x.gather(shift, axis).broadcastTo(x.shape));
  },
  largest: (x) => (x.size(-1) < 2 ? x : x.add(x.argmax(-1).oneHot(x.size(-1)))),
  compete: (x) => (x.size(-1) < 2 ? x : x.softmax(-1)),
  join: (x) => {
    const n = x.size(-1);
    return concat([x.mul(2), x, full(0, x.shape)], -1).narrow(-1, n, 2 * n);
  },
  pad: (x) => {
    const one = x.shape.map(() => 1);
    return x.pad(one, one).slice(
      one,
      x.shape.map((n) => n + 1),
    );
  },
  scatter: (x, { random }) => {
    const axis = freeAxis(x, secret);
    const n = x.size(axis);
    return scatterAdd(x, constant([...random.permutation(n)], [n], "int32"), axis, n);
  },
  remember: (x, course) => {
    const state = new State(kept("state", x, course));
    course.next.push(state.becomes(x));
    return state.now;
  },
  "learn by heart": (x, course) => {
    const head = kept("head", x, course) as Parameter;
    course.slopes.push({ parameter: head, gradient: head.tensor.sub(x) });
    return head.tensor;
  },
  "to a power": (x, { random }) =>
    x
      .abs()
      .add(0.5)
      .pow(between(random, 0.5, 12)),
  "divide by data": (x, { view }) => x.div(view.preactivation.square().mean().add(1)),
  quotient: (x) => x.div(x.square().add(1)),
  "compete in logarithms": (x) => (x.size(-1) < 2 ? x : x.logSoftmax(-1)),
  stop: (x) => x.stopGradient(),
  "in and out of noise": (x, { view }) => {
    const sign = view.noise("channel", [], "sign");
    return x.mul(sign).mul(sign);
  },
  clip: (x) => x.maximum(-0.7).minimum(1.3),
  "less a part": (x) => x.sub(x.mul(0.5).stopGradient()),
  "stacked product": (x, { view }) => {
    const n = x.size(-1);
    const rows = x.reshape([1, x.rank === 0 ? 1 : laid(x).size(0) / n, n]);
    const both = concat([rows, rows.neg()], 0).matmul(concat([identity(n), identity(n)], 0).reshape([2, n, n]));
    return both.narrow(0, 0, 1).reshape(x.shape).add(view.post.mean().mul(1e-30));
  },
});

/** A value of any layer, or of none, in which something is kept. */
function kept(kind: "state" | "head", x: Tensor, { random, view, workspace: { registry, layers } }: Course) {
  const owner = among(random, [view.layer, undefined, ...layers.map(({ layer }) => layer)]);
  const name = `${owner?.name ?? "all"}.kept${registry.variables.length}`;
  return registry.keep({ name, kind, owner, shape: x.shape, initial: { kind: "constant", value: 0 } });
}

const identity = (n: number): Tensor =>
  constant(
    range(n).flatMap((i) => range(n).map((k) => (i === k ? 1 : 0))),
    [n, n],
  );

/** Steps for what need not stay at its sample and unit. */
const loose: Readonly<Record<string, Step>> = {
  "most of all": (x) => x.max(0, { keepdims: true }),
  "by the place of the largest": (x, { view }) => {
    const list = laid(x);
    const table = view.fixed(`table${list.size(0)}`, [list.size(0), 5], { kind: "normal", deviation: 1 });
    return table.gather(list.argmax(0).reshape([1]), 0);
  },
  nudge: (x, { random, workspace }) => {
    const layer = layerAt(workspace, among(random, [1, 2, 3]));
    return layer.activate(layer.preactivation.add(weighed(x)));
  },
  "shake the weights": (x, { random, view, workspace }) => {
    const at = among(random, [1, 2, 3]);
    const pass = workspace.further({
      perturbParameters: (layer, own) =>
        layer.index === at
          ? { ...own, weight: own.weight.add(view.noise(`shake${at}`, own.weight.shape, "normal").mul(weighed(x))) }
          : own,
    });
    return pass.at({ index: at }).preactivation;
  },
  "another input": (x, { random, workspace }) => {
    const encoded = workspace.input.mul(weighed(x));
    return workspace.further({ encoded }).at({ index: among(random, [1, 2, 3, 4]) }).preactivation;
  },
  judge: (x, { random, workspace }) => {
    const at = among(random, [1, 2, 3]);
    const pass = workspace.further({
      between: (layer, { post }) => (layer.index === at ? post.mul(weighed(x)) : post),
    });
    return among(random, [
      workspace.lossOf(pass),
      workspace.lossOf(pass).sub(workspace.lossOf()),
      workspace.errorOf(pass),
    ]);
  },
  "an error": (x, { workspace }) => workspace.errorAt(workspace.readout.drive(workspace.readout.pre.mul(weighed(x)))),
  "shown on the way": (x, { random, workspace }) => {
    const layer = layerAt(workspace, among(random, [2, 3]));
    const list = laid(x);
    const repeated = concat(
      range(layer.layer.inFeatures).map((i) => list.narrow(0, i % list.size(0), (i % list.size(0)) + 1)),
    );
    return layer.drive(layer.pre.mul(repeated.tanh()));
  },
  mix: (x, { view }) => {
    const list = laid(x).expand(0);
    return list.matmul(view.fixed(`mix${list.size(1)}`, [list.size(1), 7], { kind: "normal", deviation: 1 }));
  },
  "add up": (x) => x.square().add(x).sum(0, { keepdims: true }),
  "perturb a pass": (x, { random, workspace }) => {
    const at = among(random, [1, 2, 3]);
    const pass = workspace.further({
      perturb: (layer, drive) => (layer.index === at ? drive.add(weighed(x)) : drive),
    });
    return pass.at({
      index: among(
        random,
        range(4 - at).map((i) => at + i),
      ),
    }).post;
  },
  "carry on": (x, { random, workspace }) => {
    const at = among(random, [1, 2]);
    const pass = workspace.further({
      between: (layer, { post }) => (layer.index === at ? post.mul(weighed(x)) : post),
    });
    return pass.at({ index: at + 1 }).preactivation;
  },
  drive: (x, { random, workspace }) => {
    const layer = layerAt(workspace, among(random, [2, 3]));
    return layer.drive(layer.pre.mul(weighed(x)));
  },
};

/** Steps in which a value takes part in a pass of the network. */
const passing: readonly string[] = [
  ...["perturb a pass", "carry on", "drive", "nudge", "shake the weights", "another input", "judge", "an error"],
  "shown on the way",
];

/** An attack by its seed. */
export function generated(seed: number): ExposedAttack & { readonly on: "mlp" | "tree" } {
  const draw = stream(seed, "attack");
  const secret = among(draw, secrets);
  const on = secret === "position" ? "tree" : "mlp";
  // At the top of a tree there is one position.
  const at = 1 + draw.integer(secret === "position" ? 2 : 3);
  const of = among(
    draw,
    [1, 2, 3, 4].filter((layer) => layer !== at),
  );
  const isFree = secret === "weight" || secret === "label" || secret === "activity";
  const table = isFree ? { ...steps(secret), ...loose } : steps(secret);
  const path = range(3 + draw.integer(8)).map(() => among(draw, Object.keys(table)));
  const exposed = {
    weight: namesWeights(of > 3 ? "readout" : of),
    // In whatever way: it may well come in a judgement.
    label: ({ layers }: Certificate) => layers.some(({ label }) => label.length > 0),
    // What goes through further passes comes as the activity of other layers, which is made of it.
    activity: (certificate: Certificate) =>
      path.some((name) => passing.includes(name))
        ? (["otherActivity", "secondPhase", "broadcast", "outputError"] as const).some((signal) =>
            certificate.signals.includes(signal),
          )
        : namesActivity(of > 3 ? "readout" : of)(certificate),
    // Another sample of the past is remembered.
    sample: (certificate: Certificate) => namesSamples(certificate) || namesMemory(certificate),
    unit: namesUnits,
    input: namesInputs,
    position: (certificate: Certificate) => namesPositions(certificate) || namesMemory(certificate),
  }[secret];
  const trace = (workspace: Workspace): Updates => {
    const next: NextValue[] = [];
    const slopes: Slope[] = [];
    for (const view of workspace.layers) {
      const [parameter] = view.parameters;
      if (parameter === undefined) continue;
      const course: Course = { random: stream(seed, "steps"), view, workspace, next, slopes };
      const change = view.outer(view.pre, view.post);
      const own = view.index === at ? change.add(hidden(course)) : change;
      slopes.push({ parameter, gradient: own.neg() });
    }
    return { slopes, next };
  };
  const hidden = (course: Course): Tensor => {
    const { view, workspace } = course;
    const start = {
      weight: () => [...workspace.layers, workspace.readout][of - 1]?.stored.weight ?? view.weight,
      label: () => workspace.labels.cast("float32").expand(1),
      activity: () => [...workspace.layers, workspace.readout][of - 1]?.post ?? view.post,
      sample: () => rolled(view.post, 0),
      unit: () => rolled(view.post, 1),
      input: () => rolled(view.pre, 1),
      position: () => {
        const { positions, outFeatures } = view.layer;
        return rolled(view.post.reshape([workspace.batch, positions, outFeatures]), 1).reshape(view.post.shape);
      },
    }[secret]();
    const end = path.reduce((x, name) => table[name]?.(x, course) ?? x, start);
    if (isFree) return mixed(view, laid(end));
    return secret === "input" ? view.outer(end, view.post) : view.outer(view.pre, end);
  };
  const what = {
    ...{ weight: `layer ${of}'s weight`, label: "the label", activity: `layer ${of}'s activity` },
    ...{ sample: "the next sample", unit: "the next unit", input: "the next input", position: "the next position" },
  };
  return {
    name: `seed ${seed}`,
    why: `Layer ${at} knows ${what[secret]}, by: ${path.join(", ")}.`,
    rule: defineRule(cardOf(`seed-${seed}`, ["pre", "post"]), trace),
    on,
    exposed,
  };
}
