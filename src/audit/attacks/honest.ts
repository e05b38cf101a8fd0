/** Honest local rules of many kinds, each with what a certificate should say that it reads: no more and no less. */
import { centred, constant, crossEntropy, range, type Tensor } from "../../graph/index.ts";
import {
  type Change,
  credit,
  defineRule,
  type LayerView,
  localObjective,
  plasticity,
  type Rule,
  type Signal,
  unitNorms,
  type Workspace,
} from "../../rules/index.ts";
import { cardOf } from "./attack.ts";

export interface Honest {
  readonly name: string;
  readonly rule: Rule;
  /** What it reads, by its equation, on a network without positions. */
  readonly signals: readonly Signal[];
}

/**
 * Rules whose equation brings positions together where these share a weight: what is made of all of them at once (scores of a classifier,
 * a mean over samples that meets single samples, a kink in a sum of samples) is more than a sum of what each of them does.
 */
export const joiningPositions: readonly string[] = [
  ...["covariance over the batch", "Hebb of centred activity", "sign of the mean", "divided by the largest change"],
  ...["lateral anti-Hebb", "local classifier", "local classifier by a fixed matrix"],
];

type ChangeOf = (view: LayerView, workspace: Workspace) => Tensor | Change;

const idOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z]+/g, "-");

/** A rule by its change. */
function changing(name: string, signals: readonly Signal[], change: ChangeOf): Honest {
  const card = cardOf(idOf(name), signals);
  return { name, signals, rule: plasticity({ ...card, change: (view, _, workspace) => change(view, workspace) }) };
}

/** A rule by what stands for the derivative at each layer's drives. */
function teaching(
  name: string,
  signals: readonly Signal[],
  delta: (view: LayerView, workspace: Workspace) => Tensor,
): Honest {
  const teach = (workspace: Workspace): Tensor[] => workspace.layers.map((view) => delta(view, workspace));
  return { name, signals, rule: credit({ ...cardOf(idOf(name), signals), teach }) };
}

/** A rule by a loss of each layer. */
function descending(
  name: string,
  signals: readonly Signal[],
  objective: (view: LayerView, workspace: Workspace) => Tensor,
): Honest {
  const card = cardOf(idOf(name), signals);
  return {
    name,
    signals,
    rule: localObjective({ ...card, objective: (view, _, workspace) => objective(view, workspace) }),
  };
}

const normal = (deviation: number) => ({ kind: "normal", deviation }) as const;

/** 1 for the units with the largest drives. */
function winners(drive: Tensor, count: number): Tensor {
  let left = drive;
  let chosen = drive.mul(0);
  for (let i = 0; i < count; i++) {
    const best = left.argmax(-1).oneHot(drive.size(-1));
    chosen = chosen.add(best);
    left = best.greater(0).where(-1e30, left);
  }
  return chosen;
}

const others = (units: number): Tensor =>
  constant(
    range(units).flatMap((i) => range(units).map((j) => (i === j ? 0 : 1))),
    [units, units],
  );

export const honest: readonly Honest[] = [
  changing("Hebb", ["pre", "post"], ({ outer, pre, post }) => outer(pre, post)),
  changing("Hebb on drives", ["pre", "preactivation"], ({ outer, pre, preactivation }) => outer(pre, preactivation)),
  changing("anti-Hebb", ["pre", "post", "weight"], ({ outer, pre, post, weight }) => weight.sub(outer(pre, post))),
  changing("Oja", ["pre", "preactivation", "weight"], ({ outer, mean, pre, preactivation: y, weight }) =>
    outer(pre, y).sub(weight.mul(mean(y.square()))),
  ),
  changing("instar", ["pre", "post", "weight"], ({ outer, mean, pre, post, weight }) =>
    outer(pre, post).sub(weight.mul(mean(post))),
  ),
  changing("outstar", ["pre", "post", "weight"], ({ outer, mean, pre, post, weight }) =>
    outer(pre, post).sub(mean(pre).transposeLast().mul(weight)),
  ),
  changing("BCM", ["pre", "post", "memory"], ({ outer, mean, perUnit, pre, post }) => {
    const theta = perUnit("threshold", 1);
    return { weight: outer(pre, post.mul(post.sub(theta.now))), next: [theta.follows(mean(post.square()), 0.1)] };
  }),
  changing("covariance with running means", ["pre", "post", "memory"], ({ outer, mean, state, perUnit, pre, post }) => {
    const [x, y] = [state("inputMean", mean(pre).shape, 0), perUnit("activityMean", 0)];
    return {
      weight: outer(pre.sub(x.now), post.sub(y.now)),
      next: [x.follows(mean(pre), 0.1), y.follows(mean(post), 0.1)],
    };
  }),
  changing("covariance over the batch", ["pre", "post", "batch"], ({ outer, mean, pre, post }) =>
    outer(pre.sub(mean(pre)), post.sub(mean(post))),
  ),
  changing("traces of spike timing", ["pre", "post", "memory"], ({ outer, mean, state, perUnit, pre, post }) => {
    const [before, after] = [state("before", mean(pre).shape, 0), perUnit("after", 0)];
    const potentiated = before.now.transposeLast().mul(mean(post));
    const depressed = mean(pre).transposeLast().mul(after.now);
    return {
      weight: potentiated.sub(depressed).add(outer(pre, post).mul(0.1)),
      next: [before.follows(mean(pre), 0.2), after.follows(mean(post), 0.2)],
    };
  }),
  changing("decorrelation", ["pre", "post", "lateral"], ({ outer, pre, post, units }) =>
    outer(pre, post.sub(post.matmul(others(units)).mul(post))),
  ),
  changing("lateral anti-Hebb", ["pre", "post", "lateral", "batch", "memory"], ({ outer, state, pre, post, units }) => {
    const inhibition = state("lateral", "between units", 0);
    const settled = post.sub(post.matmul(inhibition.now)).relu();
    const together = outer(settled, settled).mul(others(units));
    return { weight: outer(pre, settled), next: [inhibition.follows(together.relu(), 0.1)] };
  }),
  {
    name: "reward-modulated with an eligibility trace",
    // One reward for all samples times what all of them were eligible for.
    signals: ["pre", "broadcast", "noise", "secondPhase", "batch", "memory"],
    rule: plasticity({
      ...cardOf("eligibility", []),
      change: (view, _, workspace) => {
        const [xi, trace] = [view.noise("xi", "units", "normal"), view.state("trace", "per weight", 0)];
        const noisy = workspace.further({
          perturb: (layer, drive) =>
            drive.add((layer.index === view.index ? xi : layerNoise(workspace, layer.index)).mul(0.1)),
        });
        const reward = workspace.lossOf(noisy).neg().mean();
        const eligible = view.outer(noisy.at(view).pre, xi);
        return { weight: trace.now.add(eligible).mul(reward), next: [trace.follows(eligible, 0.5)] };
      },
    }),
  },
  teaching("node perturbation", ["pre", "broadcast", "noise"], (view, workspace) => {
    const pass = workspace.further({
      perturb: (layer, drive) => drive.add(layerNoise(workspace, layer.index).mul(0.01)),
    });
    const rise = workspace.lossOf(pass).sub(workspace.lossOf()).mul(100);
    return layerNoise(workspace, view.index).mul(view.toEverySample(rise));
  }),
  changing("weight perturbation", ["broadcast", "noise"], (view, workspace) => {
    const pass = workspace.further({
      perturbParameters: (layer, own) => {
        const xi = workspace.layers[layer.index - 1]?.noise("synapses", "weight", "sign");
        return xi === undefined ? own : { ...own, weight: own.weight.add(xi.mul(0.01)) };
      },
    });
    const rise = workspace.lossOf(pass).sub(workspace.lossOf()).mean().mul(100);
    return view.noise("synapses", "weight", "sign").mul(rise).neg();
  }),
  teaching("direct feedback alignment", ["pre", "preactivation", "outputError"], (view, workspace) =>
    view.gate(view.directFeedback(workspace.readout, { kind: "fixed", gain: 1 }).send(workspace.outputError)),
  ),
  teaching("target projection", ["pre", "preactivation", "label"], (view, workspace) =>
    view.gate(view.directFeedback(workspace.readout, { kind: "fixed", gain: 1 }).send(workspace.target)).neg(),
  ),
  teaching("error broadcast as one number", ["pre", "preactivation", "broadcast"], (view, workspace) =>
    view.gate(view.toEverySample(workspace.lossOf()).mul(view.fixed("mine", [1, view.units], normal(1)))),
  ),
  descending("local classifier", ["pre", "post", "localHead", "label", "lateral"], (view, workspace) => {
    const features = view.perExample(view.post);
    const head = view.head("classifier", [view.unitsInAll, workspace.classes], normal(0.1));
    return crossEntropy(features.matmul(head), workspace.labels);
  }),
  descending("local classifier by a fixed matrix", ["pre", "post", "label", "lateral"], (view, workspace) => {
    const fixed = view.fixed("classifier", [view.unitsInAll, workspace.classes], normal(0.1));
    return crossEntropy(view.perExample(view.post).matmul(fixed), workspace.labels);
  }),
  descending("reconstruction by own feedback", ["pre", "otherInput", "post", "localHead", "lateral"], (view) => {
    const back = view.head("back", [view.units, view.layer.inFeatures], normal(0.1));
    return view.post.matmul(back).sub(view.pre).square().mean();
  }),
  // The slope of a rectified unit is known by its output.
  descending("sparse activity", ["pre", "post"], (view) => view.post.square().mean()),
  changing("homeostatic scaling", ["post", "weight", "memory"], ({ mean, perUnit, post, weight }) => {
    const rate = perUnit("rate", 0);
    return { weight: weight.mul(rate.now.neg().add(1)), next: [rate.follows(mean(post), 0.1)] };
  }),
  changing("divisive normalisation", ["pre", "post", "lateral"], ({ outer, pre, post }) =>
    outer(pre, post.div(post.sum(-1, { keepdims: true }).add(1))),
  ),
  changing("winner takes all", ["pre", "preactivation", "weight", "lateral"], (view) => {
    const won = view.preactivation.argmax(-1).oneHot(view.units);
    return view.outer(view.pre, won).sub(view.weight.mul(view.mean(won)));
  }),
  changing("k winners", ["pre", "preactivation", "lateral"], ({ outer, pre, preactivation }) =>
    outer(pre, winners(preactivation, 2).mul(preactivation)),
  ),
  changing("soft competition", ["pre", "preactivation", "lateral"], ({ outer, pre, preactivation }) =>
    outer(pre, preactivation.softmax(-1)),
  ),
  changing("forgetting alone", ["weight"], ({ weight }) => weight.neg()),
  changing("weights of unit norm", ["weight"], ({ weight }) => weight.mul(unitNorms(weight, 2).sub(1)).neg()),
  changing("random walk", ["noise"], (view) => view.noise("walk", "weight", "normal")),
  changing("contrast of two inputs", ["pre", "post", "secondPhase", "noise"], (view, workspace) => {
    const flipped = workspace.further({
      encoded: workspace.input.mul(workspace.layers[0]?.noise("mask", workspace.input.shape, "uniform") ?? 1),
    });
    const other = flipped.at(view);
    return view.outer(view.pre, view.post).sub(view.outer(other.pre, other.post));
  }),
  changing("prediction of the last mean", ["pre", "post", "memory"], ({ outer, mean, perUnit, pre, post }) => {
    const last = perUnit("last", 0);
    return { weight: outer(pre, post.sub(last.now)), next: [last.becomes(mean(post))] };
  }),
  changing("gated by the own slope", ["pre", "preactivation", "post"], (view) =>
    view.outer(view.pre, view.gate(view.post)),
  ),
  changing("Hebb of centred activity", ["pre", "post", "batch"], ({ outer, pre, post }) =>
    outer(pre, centred(post, -2)),
  ),
  changing("sign of the mean", ["pre", "post", "batch"], ({ outer, pre, post }) => outer(pre, post).sign()),
  changing("sign of each sample", ["pre", "post"], ({ outer, pre, post }) => outer(pre.sign(), post.sign())),
  changing(
    "divided by the largest change",
    ["pre", "otherInput", "post", "lateral", "batch"],
    ({ outer, pre, post }) => {
      const change = outer(pre, post);
      return change.div(change.abs().max().add(1e-30));
    },
  ),
  {
    name: "feedback alignment by messages",
    signals: ["pre", "preactivation", "outputError", "neighbour", "otherActivity"],
    rule: credit({
      ...cardOf("feedback-by-messages", []),
      teach: ({ layers, outputError }) => {
        let message = outputError;
        return [...layers]
          .reverse()
          .map((view) => {
            message = view.gate(view.feedback({ kind: "fixed", gain: 1 }).sendBack(message));
            return message;
          })
          .reverse();
      },
    }),
  },
  {
    name: "one layer alone",
    signals: ["pre", "post"],
    rule: defineRule(cardOf("one-layer", []), ({ layers }) => {
      const [view] = layers;
      const [parameter] = view?.parameters ?? [];
      if (view === undefined || parameter === undefined) return { slopes: [] };
      return { slopes: [{ parameter, gradient: view.outer(view.pre, view.post).neg() }] };
    }),
  },
  descending("agreement with a second view", ["pre", "post", "pair"], (view, workspace) => {
    const { post } = workspace.partner({ kind: "shuffled" }).at(view);
    return view.post.sub(post.stopGradient()).square().mean();
  }),
];

function layerNoise({ layers }: Workspace, index: number): Tensor {
  const view = layers[index - 1];
  if (view === undefined) throw new Error(`no layer ${index}`);
  return view.noise("xi", "units", "normal");
}
