/** What lies at the edges of the machinery: odd names, odd numbers, curves, what is forgotten, what a network is judged by. */
import { constant, full, type Tensor } from "../../graph/index.ts";
import { defineRule, type State, type Updates, type Workspace } from "../../rules/index.ts";
import {
  type Attack,
  cardOf,
  hebbWith,
  laid,
  layerAt,
  namesLabel,
  namesSignal,
  namesWeights,
  total,
} from "./attack.ts";

const third = (workspace: Workspace): Tensor => total(layerAt(workspace, 3).stored.weight);
const number = (value: number): Tensor => constant([value], []);
const bit = (condition: Tensor): Tensor => condition.where(1, 0);

/** Layer 3's weight times a 1 that looks like a 0. */
const hiddenBy = (id: string, factor: () => Tensor) => hebbWith(id, (_, workspace) => third(workspace).mul(factor()));

const hebb = ({ layers }: Workspace): Updates => ({
  slopes: layers.flatMap((view) => {
    const [parameter] = view.parameters;
    return parameter === undefined ? [] : [{ parameter, gradient: view.outer(view.pre, view.post).neg() }];
  }),
});

/** A state of nobody with a column for each class. */
const prototypes = (workspace: Workspace): State => workspace.state("prototypes", [2, workspace.classes], 0);

/** A state of the given name that keeps the label. */
const keeping = (name: string) =>
  hebbWith("odd-name", (_, workspace) => {
    const state = workspace.state(name, [], 0);
    return { weight: state.now, next: [state.becomes(workspace.labels.cast("float32").sum())] };
  });

export const edges: readonly Attack[] = [
  {
    name: "a number that is none",
    why: "No number is neither less than 1 nor not.",
    rule: hiddenBy("nan", () => bit(number(NaN).less(1)).neg().add(1)),
    exposed: namesWeights(3),
  },
  {
    name: "infinity less infinity",
    why: "What is not equal to itself is no number.",
    rule: hiddenBy("inf", () => {
      const none = number(Infinity).sub(Infinity);
      return bit(none.equal(none)).neg().add(1);
    }),
    exposed: namesWeights(3),
  },
  {
    name: "a constant zero below zero",
    why: "1 divided by -0 is below 0.",
    rule: hiddenBy("minus-zero-constant", () => bit(full(1, []).div(number(-0)).less(0))),
    exposed: namesWeights(3),
  },
  {
    name: "different beyond single precision",
    why: "1e39 and 2e39 differ in double precision, and are both infinite in single precision.",
    rule: hiddenBy("beyond-single", () => bit(number(1e39).equal(2e39))),
    exposed: namesWeights(3),
  },
  {
    name: "different within a last bit",
    why: "2^24 + 1 and 2^24 differ in double precision alone.",
    rule: hiddenBy("within-bit", () => bit(number(2 ** 24 + 1).equal(2 ** 24))),
    exposed: namesWeights(3),
  },
  {
    name: "different below single precision",
    why: "1e-46 is more than 0 in double precision alone.",
    rule: hiddenBy("below-single", () => bit(number(1e-46).equal(0))),
    exposed: namesWeights(3),
  },
  {
    name: "rounded in the last bit",
    why: "In single precision 0.1 times 10, less 1, is not what it is in double precision.",
    rule: hiddenBy("tenth", () => number(0.1).mul(3).sub(0.3).mul(1e9)),
    exposed: namesWeights(3),
  },
  {
    name: "an overflowing exponential of a constant",
    why: "The exponential of 100 is infinite in single precision, and so is that of 200.",
    rule: hiddenBy("exp-constant", () => bit(number(100).exp().equal(number(200).exp()))),
    exposed: namesWeights(3),
  },
  {
    name: "a state named constructor",
    why: "Every object of the language has a value of this name.",
    rule: keeping("constructor"),
    exposed: namesLabel,
  },
  {
    name: "a state named __proto__",
    why: "A value of this name changes what an object is made of.",
    rule: keeping("__proto__"),
    refused: 'expected a name of letters, digits, "_" and "-", in parts joined by dots, got "__proto__"',
  },
  {
    name: "a state named in another alphabet",
    why: "With a Cyrillic letter the name reads like that of a weight.",
    rule: keeping("layer1.w\u0435ight"),
    refused: 'expected a name of letters, digits, "_" and "-", in parts joined by dots, got "layer1.w\u0435ight"',
  },
  {
    name: "a state named over two lines",
    why: "The name ends a line of whatever it is written into.",
    rule: keeping("memory\nlabels"),
    refused: 'expected a name of letters, digits, "_" and "-", in parts joined by dots, got "memory\nlabels"',
  },
  {
    name: "a state named as a weight",
    why: "Layer 3's weight is asked for as a state.",
    rule: keeping("layer3.weight"),
    refused: "layer3.weight: expected one value of this name, got a state [] after a weight [5, 2]; rename one",
  },
  {
    name: "a weight in a curve",
    why: "The sum of layer 3's weight is recorded as a scalar of layer 1: seen by the reader, and learned from by none.",
    rule: defineRule(cardOf("curve", ["pre", "post"]), (workspace) => ({
      ...hebb(workspace),
      objectives: [{ of: layerAt(workspace, 1), name: "memory", value: third(workspace) }],
    })),
    without: "layer3.weight",
  },
  {
    name: "half of the read-out forgotten",
    why: "The read-out forgets half of its weights at each step.",
    rule: defineRule(cardOf("half-forgotten", ["pre", "post"]), (workspace) => ({
      ...hebb(workspace),
      decays: workspace.readout.parameters.map((parameter) => ({ parameter, rate: 0.5 })),
    })),
    exposed: ({ forgets }) => forgets.some(({ layer, rate }) => layer === "readout" && rate === 0.5),
  },
  {
    name: "a share that is no number",
    why: "Layer 1 forgets a share that compares with nothing.",
    rule: defineRule(cardOf("nan-decay", ["pre", "post"]), (workspace) => {
      const updates = hebb(workspace);
      return { ...updates, decays: updates.slopes.map(({ parameter }) => ({ parameter, rate: NaN })) };
    }),
    refused: "decays.0.rate: Invalid input: expected number, received NaN",
  },
  {
    name: "a part of the input from its end",
    why: "The symbols that are left begin before the first one.",
    rule: hebbWith("odd-part", (view, workspace) =>
      laid(workspace.partner({ kind: "part", from: -1, to: 1 }).at(view).post),
    ),
    refused: "partners.0",
  },
  {
    name: "the label as a level of no layer",
    why: "Latents stay up to the level of layer 99: the class and nothing else.",
    rule: hebbWith("far-level", (view, workspace) =>
      laid(workspace.partner({ kind: "resample", level: { layer: 99 } }).at(view).post),
    ),
    exposed: ({ layers }) => layers.some(({ label }) => label.includes("pairs")),
  },
  {
    name: "nothing learned but the scores",
    why: "No weight changes; a state of nobody learns the classes of the top layer's activity, and the network is judged by it.",
    rule: defineRule(
      {
        ...cardOf("learned-scores", []),
        scores: (workspace) => workspace.top.post.matmul(prototypes(workspace).now),
      },
      (workspace) => {
        const state = prototypes(workspace);
        const { top, target } = workspace;
        return { slopes: [], next: [state.becomes(state.now.add(top.outer(top.post, target)))] };
      },
    ),
    exposed: namesSignal("label"),
  },
  {
    name: "nothing learned but the scores, by a layer",
    why: "The same with a state of the top layer.",
    rule: defineRule(
      {
        ...cardOf("learned-scores-of-top", []),
        scores: ({ top, classes }) => top.post.matmul(top.state("classes", [2, classes], 0).now),
      },
      ({ top, classes, target }) => {
        const state = top.state("classes", [2, classes], 0);
        return { slopes: [], next: [state.becomes(state.now.add(top.outer(top.post, target)))] };
      },
    ),
    exposed: namesSignal("label"),
  },
  {
    name: "nothing learned but the scores, by the read-out",
    why: "The same with a state of the read-out.",
    rule: defineRule(
      {
        ...cardOf("learned-scores-of-readout", []),
        scores: ({ top, readout, classes }) => top.post.matmul(readout.state("classes", [2, classes], 0).now),
      },
      ({ top, readout, classes, target }) => {
        const state = readout.state("classes", [2, classes], 0);
        return { slopes: [], next: [state.becomes(state.now.add(top.outer(top.post, target)))] };
      },
    ),
    refused: 'expected a next value of one of its own, got "readout.classes" (state), which is not for it to change',
  },
  {
    name: "scores drawn by lot",
    why: "The network is judged by noise that belongs to the step.",
    rule: hebbWith("drawn-scores", (view) => view.weight.mul(0), {
      scores: (workspace) => workspace.noise("lot", [workspace.batch, workspace.classes], "normal"),
    }),
    refused: 'expected scores made of symbols, weights and what is kept, got "noise.lot"',
  },
  {
    name: "no slopes at all",
    why: "A rule that changes nothing may keep what it likes: the label in a state of nobody, which nothing reads.",
    rule: defineRule(cardOf("no-slopes", []), (workspace) => {
      const state = workspace.state("unread", [], 0);
      return { slopes: [], next: [state.becomes(workspace.labels.cast("float32").sum())] };
    }),
    without: "labels",
  },
];
