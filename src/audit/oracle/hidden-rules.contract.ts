/** Rules that read something besides what their equation says, each in another way: Oja's rule whose top layer (or another) is given more. */
import { concat, constant, scatterAdd, type Tensor } from "../../graph/index.ts";
import {
  chooseRule,
  type ChosenRule,
  defineRule,
  type LayerView,
  type NextValue,
  type Updates,
  type Workspace,
} from "../../rules/index.ts";

/** What is added to the change of a layer's weights, in a shape that broadcasts to theirs, and what states become. */
interface Addition {
  readonly layer: number;
  readonly weight?: Tensor;
  readonly next?: readonly NextValue[];
  /** Slopes of the layer's heads. */
  readonly heads?: readonly Tensor[];
}

type Add = (workspace: Workspace, view: (layer: number) => LayerView) => Addition | readonly Addition[];

function hiding(name: string, add: Add): readonly [string, ChosenRule] {
  const { rule, options } = chooseRule("oja");
  const hidden = defineRule({ ...rule, id: "hidden" }, (workspace): Updates => {
    const updates = rule.trace(workspace, options);
    const view = (layer: number): LayerView => workspace.layers[layer - 1]!;
    const additions = [add(workspace, view)].flat();
    const added = additions.flatMap(({ layer, weight }) => (weight === undefined ? [] : [{ layer, weight }]));
    const slopes = updates.slopes.map(({ parameter, gradient }) => {
      const own = added.filter(({ layer }) => parameter.kind === "weight" && parameter.owner?.index === layer);
      return { parameter, gradient: own.reduce((sum, { weight }) => sum.add(weight), gradient) };
    });
    const heads = additions.flatMap(({ layer, heads: own = [] }) => {
      const parameters = workspace.registry.variables.filter(
        ({ kind, owner }) => kind === "head" && owner?.index === layer,
      );
      return own.map((gradient, i) => ({ parameter: parameters[i] as (typeof slopes)[number]["parameter"], gradient }));
    });
    const next = [...(updates.next ?? []), ...additions.flatMap((one) => one.next ?? [])];
    return { ...updates, slopes: [...slopes, ...heads], next };
  });
  return [name, { rule: hidden, options }];
}

const total = (x: Tensor): Tensor => x.square().sum();
const top = 3;

/** All of them, for networks of three hidden layers. */
export const hiddenRules: readonly (readonly [string, ChosenRule])[] = [
  hiding("another layer's weight", (_, view) => ({ layer: top, weight: total(view(1).weight) })),
  hiding("the read-out's weight", (workspace) => ({ layer: 1, weight: total(workspace.readout.weight) })),
  hiding("a weight in the sign of what is tiny", (_, view) => ({
    layer: 1,
    weight: view(1)
      .post.mean()
      .add(total(view(2).weight).mul(1e-3))
      .sub(0.1)
      .sign(),
  })),
  hiding("a weight in the place where something is put", (_, view) => {
    const place = view(2).weight.abs().mul(2).sum().minimum(2).cast("int32").reshape([1]);
    return {
      layer: top,
      weight: scatterAdd(constant([1], [1]), place, 0, 3)
        .mul(constant([1, 2, 3], [3]))
        .sum(),
    };
  }),
  hiding("a weight in a state, one step late", (workspace, view) => {
    const kept = workspace.state("copy", [], 0);
    return { layer: top, weight: kept.now, next: [kept.becomes(total(view(1).weight))] };
  }),
  hiding("a weight in another layer's state, one step late", (_, view) => {
    const kept = view(1).state("copy", [], 0);
    return [
      { layer: 1, next: [kept.becomes(total(view(1).weight))] },
      { layer: top, weight: kept.now },
    ];
  }),
  hiding("a weight in a head's slope", (_, view) => {
    const head = view(top).head("copy", [], 0);
    return { layer: top, weight: head, heads: [total(view(1).weight)] };
  }),
  hiding("another layer's activity", (_, view) => ({ layer: top, weight: view(1).post.square().mean(0).sum() })),
  hiding("the activity of the layer above", (_, view) => ({ layer: 1, weight: total(view(2).preactivation) })),
  hiding("the label", (workspace) => ({ layer: 2, weight: workspace.target.mul(constant([1, 2, 3, 4], [4])).sum() })),
  hiding("the label in a state", (workspace, view) => {
    const kept = view(2).state("label", [], 0);
    return { layer: 2, weight: kept.now, next: [kept.becomes(workspace.labels.cast("float32").sum())] };
  }),
  hiding("scores", (workspace) => ({ layer: 1, weight: total(workspace.pass.readout.post) })),
  hiding("the symbols", (workspace) => ({
    layer: top,
    weight: workspace.input.square().mul(0.5).narrow(1, 0, 1).narrow(2, 0, 1).sum(),
  })),
  hiding("other units", (_, view) => ({ layer: 2, weight: view(2).post.mean() })),
  hiding("units before a unit", (_, view) => {
    const { units, post, mean } = view(2);
    const before = constant(
      Array.from({ length: units * units }, (_value, i) => (Math.floor(i / units) < i % units ? 1 : 0)),
      [units, units],
    );
    return { layer: 2, weight: mean(post).matmul(before) };
  }),
  hiding("other units, by a state", (_, view) => {
    const kept = view(2).perUnit("others", 0);
    const mean = view(2).mean(view(2).post).mean(-1, { keepdims: true });
    return { layer: 2, weight: kept.now, next: [kept.becomes(mean.broadcastTo(kept.now.shape))] };
  }),
  hiding("other units, by a head", (_, view) => {
    const head = view(2).head("others", "per unit", 0);
    const mean = view(2).mean(view(2).post).mean(-1, { keepdims: true });
    return { layer: 2, weight: head, heads: [mean.broadcastTo(head.shape)] };
  }),
  hiding("other inputs, by a head", (_, view) => {
    const head = view(2).head("inputs", [], 0);
    return { layer: 2, weight: head, heads: [total(view(2).pre)] };
  }),
  hiding("weights of other units", (_, view) => ({ layer: 2, weight: total(view(2).weight) })),
  hiding("weights of other units, by a head", (_, view) => {
    const head = view(2).head("weights", [], 0);
    return { layer: 2, weight: head, heads: [total(view(2).weight)] };
  }),
  hiding("samples that meet", (_, view) => {
    const { post } = view(top);
    const next = concat([post.narrow(-2, 1, post.size(-2)), post.narrow(-2, 0, 1)], post.rank - 2);
    return { layer: top, weight: view(top).mean(post.mul(next)) };
  }),
  hiding("samples that meet in a random order", (workspace, view) => {
    const order = workspace.noise("order", [workspace.batch], "permutation").cast("int32");
    const post = view(top).perExample(view(top).post);
    return { layer: top, weight: post.mul(post.gather(order, 0)).sum() };
  }),
  hiding("noise", (workspace) => ({ layer: 2, weight: workspace.noise("shared", [], "normal") })),
  hiding("positions that meet", (_, view) => ({
    layer: 1,
    weight: view(1).meanOfPositions(view(1).post).square().sum(),
  })),
  hiding("positions that meet in what the layer above sees", (_, view) => {
    const seen = view(1).above!.pre;
    return { layer: 1, weight: seen.sum(-1).square().sum() };
  }),
  hiding("a pass of its own", (workspace, view) => {
    const pass = workspace.further({ perturb: (_, drive) => drive.add(0.1) });
    return { layer: 1, weight: total(pass.at(view(2)).post) };
  }),
  hiding("a layer driven by its own weights", (_, view) => ({
    layer: top,
    weight: total(view(2).drive(constant(new Array<number>(view(2).pre.size(-1)).fill(1), [1, view(2).pre.size(-1)]))),
  })),
];
