/**
 * Attacks by lot: a known secret, hidden behind a random composition of operations that depends on it, is added to Hebb's rule. The same
 * seed gives the same attack.
 */
import { concat, constant, full, range, scatterAdd, type Tensor } from "../../graph/index.ts";
import { type Random, stream } from "../../random/stream.ts";
import { type LayerView, type NextValue, State, type Workspace } from "../../rules/index.ts";
import type { Certificate } from "../certificate/certificate.ts";
import {
  type ExposedAttack,
  hebbWith,
  laid,
  layerAt,
  namesMemory,
  namesSamples,
  namesUnits,
  namesWeights,
} from "./attack.ts";

const secrets = ["weight", "label", "sample", "unit"] as const;
type Secret = (typeof secrets)[number];

/** Where a composition stands. */
interface Course {
  readonly random: Random;
  readonly view: LayerView;
  readonly workspace: Workspace;
  readonly next: NextValue[];
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
const freeAxis = (x: Tensor, secret: Secret): number => (secret === "sample" ? x.rank - 1 : 0);

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
  remember: (x, { random, view, workspace, next }) => {
    const owner = among(random, [view.layer, undefined]);
    const name = `${owner?.name ?? "all"}.kept${next.length}`;
    const initial = { kind: "constant", value: 0 } as const;
    const state = new State(workspace.registry.keep({ name, kind: "state", owner, shape: x.shape, initial }));
    next.push(state.becomes(x));
    return state.now;
  },
});

/** Steps for what need not stay at its sample and unit. */
const loose: Readonly<Record<string, Step>> = {
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

/** An attack by its seed. */
export function generated(seed: number): ExposedAttack {
  const draw = stream(seed, "attack");
  const secret = among(draw, secrets);
  const at = 1 + draw.integer(3);
  const of = among(
    draw,
    [1, 2, 3, 4].filter((layer) => layer !== at),
  );
  const isFree = secret === "weight" || secret === "label";
  const table = isFree ? { ...steps(secret), ...loose } : steps(secret);
  const path = range(3 + draw.integer(8)).map(() => among(draw, Object.keys(table)));
  const exposed = {
    weight: namesWeights(of > 3 ? "readout" : of),
    // In whatever way: it may well come in a judgement.
    label: ({ layers }: Certificate) => layers.some(({ label }) => label.length > 0),
    // Another sample of the past is remembered.
    sample: (certificate: Certificate) => namesSamples(certificate) || namesMemory(certificate),
    unit: namesUnits,
  }[secret];
  const hidden = (view: LayerView, workspace: Workspace) => {
    const course: Course = { random: stream(seed, "steps"), view, workspace, next: [] };
    const start = {
      weight: () => [...workspace.layers, workspace.readout][of - 1]?.stored.weight ?? view.weight,
      label: () => workspace.labels.cast("float32").expand(1),
      sample: () => rolled(view.post, 0),
      unit: () => rolled(view.post, 1),
    }[secret]();
    const end = path.reduce((x, name) => table[name]?.(x, course) ?? x, start);
    return { weight: isFree ? laid(end) : view.outer(view.pre, end), next: course.next };
  };
  const what = { weight: `layer ${of}'s weight`, label: "the label", sample: "the next sample", unit: "the next unit" };
  return {
    name: `seed ${seed}`,
    why: `Layer ${at} knows ${what[secret]}, by: ${path.join(", ")}.`,
    rule: hebbWith(`seed-${seed}`, hidden, { at }),
    exposed,
  };
}
