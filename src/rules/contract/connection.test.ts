/** Feedback matrices: how they are laid out and start, and that in the place of the forward weight they do what it does. */
import { describe, expect, test } from "vitest";
import { dot, relativeError } from "../../graph/finite-difference.contract.ts";
import { input, type Tensor } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { workspaceFor } from "../../train/write-document.ts";
import { drawFeeds, networkCase, type NetworkCase, rows, trace } from "../testing/rule-cases.contract.ts";
import { type FeedbackRequest, RuleError, type Workspace } from "./index.ts";

const batch = 3;
const workspaceOf = ({ network, symbols }: NetworkCase): Workspace =>
  workspaceFor({ network, batch, length: symbols }, undefined);
const values = (tensor: Tensor, feeds: Readonly<Record<string, readonly number[]>>): number[] => [
  ...interpret([tensor], feeds)[0]!.values,
];
/** A signal for every unit of a view and every sample. */
const signalLike = (x: Tensor, name: string) => ({
  tensor: input(name, x.shape),
  values: Array.from({ length: x.shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(1 + 7 * i)),
});

const nets = [
  networkCase("mlp", { symbols: 4, bias: "shared" }),
  networkCase("tree-cnn", { parametrisation: "mean-field", activation: "tanh" }),
  networkCase("tree-cnn", { readout: "mean" }),
  networkCase("locally-connected", { parametrisation: "mean-field" }),
  networkCase("locally-connected", { readout: "mean", bias: "per-position" }),
] as const;

/** Initial deviation of Glorot and Bengio (2010) in the units of a layer's weights. */
const glorot = (inputs: number, outputs: number, scale: number, standard: number): number =>
  Math.sqrt(2 / (inputs + outputs)) / (scale === 1 ? 1 : standard);

describe("from layer to layer", () => {
  test.each([
    [
      "tree-cnn",
      undefined,
      [
        [10, 3],
        [6, 4],
      ],
    ],
    [
      "tree-cnn",
      "shared",
      [
        [10, 3],
        [6, 4],
      ],
    ],
    [
      "tree-cnn",
      "specific",
      [
        [2, 10, 3],
        [6, 4],
      ],
    ],
    [
      "locally-connected",
      undefined,
      [
        [2, 10, 3],
        [6, 4],
      ],
    ],
    [
      "locally-connected",
      "shared",
      [
        [10, 3],
        [6, 4],
      ],
    ],
    [
      "locally-connected",
      "specific",
      [
        [2, 10, 3],
        [6, 4],
      ],
    ],
  ] as const)("%s, positions %s: %j", (architecture, positions, shapes) => {
    const workspace = workspaceOf(networkCase(architecture));
    for (const view of workspace.layers) view.feedback({ kind: "head", gain: 1, positions });
    const kept = workspace.registry.variables.filter(({ kind }) => kind === "head");
    expect(kept.map(({ name, shape, learningRate, owner }) => [name, shape, learningRate, owner?.name])).toEqual([
      ["layer1.feedback", shapes[0], "hidden", "layer1"],
      ["readout.feedback", shapes[1], "readout", "layer2"],
    ]);
  });

  test.each(nets.map((net) => [net.name, net] as const))(
    "starts as Glorot's weights would, times its gain: %s",
    (_, net) => {
      const workspace = workspaceOf(net);
      for (const view of workspace.layers) view.feedback({ kind: "fixed", gain: 3 });
      for (const view of workspace.layers) {
        const { layer } = view.above!;
        const kept = workspace.registry.variables.find(
          ({ name, owner }) => name.endsWith("feedback") && owner === view.layer,
        )!;
        // As it acts it has the variance 2 / (inputs + outputs); a mean-field read-out is divided by its inputs, not by their root.
        const standard = layer.scale === 1 ? 1 : 1 / Math.sqrt(layer.inFeatures);
        const expected = 3 * glorot(layer.inFeatures, layer.outFeatures, layer.scale, standard);
        expect(kept.initial).toEqual({ kind: "normal", deviation: expect.closeTo(expected, 12) as number });
      }
    },
  );

  test.each(nets.map((net) => [net.name, net] as const))(
    "in the place of the weight it does what that does: %s",
    (_, net) => {
      const workspace = workspaceOf(net);
      const drawn = drawFeeds(trace(net, { id: "frozen" }, batch), 1);
      for (const view of workspace.layers) {
        const above = view.above!;
        const feedback = view.feedback({ kind: "head", gain: 1 });
        const [weight] = above.parameters;
        const signal = signalLike(above.preactivation, "signal");
        const feeds = { ...drawn, [feedback.parameter.name]: drawn[weight!.name]!, signal: signal.values };
        expect(values(feedback.weight, feeds)).toEqual(values(above.weight, feeds));
        expect(values(feedback.sendBack(signal.tensor), feeds)).toEqual(values(above.sendBack(signal.tensor), feeds));
        const [slope] = above.descend(signal.tensor);
        expect(
          relativeError(values(feedback.slope(signal.tensor), feeds), values(slope!.gradient, feeds)),
        ).toBeLessThan(1e-12);
      }
    },
  );

  test.each(["tree-cnn", "locally-connected"] as const)(
    "positions that share it otherwise: equal matrices send the same, and its slope is the sum or the parts of the weight's: %s",
    (architecture) => {
      const net = networkCase(architecture, { parametrisation: "mean-field" });
      const workspace = workspaceOf(net);
      const drawn = drawFeeds(trace(net, { id: "frozen" }, batch), 1);
      const [view] = workspace.layers;
      const above = view!.above!;
      const shared = !above.layer.shared;
      const feedback = view!.feedback({ kind: "head", gain: 1, positions: shared ? "shared" : "specific" });
      const signal = signalLike(above.preactivation, "signal");
      const one = drawn["layer2.weight"]!.slice(0, 30);
      const [own, other] = [above.layer.shared ? one : [...one, ...one], shared ? one : [...one, ...one]];
      const feeds = { ...drawn, "layer2.weight": own, "layer1.feedback": other, signal: signal.values };
      expect(
        relativeError(values(feedback.sendBack(signal.tensor), feeds), values(above.sendBack(signal.tensor), feeds)),
      ).toBeLessThan(1e-12);
      // Another matrix may be shared as it likes.
      expect(
        relativeError(
          values(feedback.sendBack(signal.tensor, above.weight), feeds),
          values(above.sendBack(signal.tensor), feeds),
        ),
      ).toBeLessThan(1e-12);
      const [whole, parts] = [above.descend(signal.tensor)[0]!.gradient, feedback.slope(signal.tensor)]
        .map((tensor) => rows(values(tensor, feeds), 30))
        .sort((a, b) => a.length - b.length);
      const sum = whole![0]!.map((_, i) => parts!.reduce((total, part) => total + part[i]!, 0));
      expect([whole!.length, parts!.length]).toEqual([1, 2]);
      expect(relativeError(sum, whole![0]!)).toBeLessThan(1e-12);
    },
  );

  test("drawn anew at each step it is noise, and keeps nothing", () => {
    const workspace = workspaceOf(networkCase("tree-cnn"));
    const feedback = workspace.layers[0]!.feedback({ kind: "redrawn", gain: 2 });
    expect(workspace.registry.noises.map(({ name, shape, distribution }) => [name, shape, distribution])).toEqual([
      ["noise.layer1.feedback", [10, 3], "normal"],
    ]);
    expect(workspace.registry.variables.some(({ name }) => name.endsWith("feedback"))).toBe(false);
    const deviation = 2 * Math.sqrt(2 / 13);
    const xi = Array.from({ length: 30 }, (_, i) => Math.cos(i));
    expect(
      relativeError(
        values(feedback.weight, { "noise.layer1.feedback": xi }),
        xi.map((x) => deviation * x),
      ),
    ).toBeLessThan(1e-12);
  });

  test("there is none to the read-out", () => {
    const { readout } = workspaceOf(networkCase("tree-cnn"));
    expect(() => readout.feedback({ kind: "fixed", gain: 1 })).toThrow(
      new RuleError("feedback: expected a hidden layer, got the read-out"),
    );
  });
});

describe("from the output straight to a layer", () => {
  test.each([
    [
      "tree-cnn",
      undefined,
      [
        [20, 4],
        [6, 4],
      ],
    ],
    [
      "tree-cnn",
      "specific",
      [
        [20, 4],
        [6, 4],
      ],
    ],
    [
      "tree-cnn",
      "shared",
      [
        [5, 4],
        [3, 4],
      ],
    ],
    [
      "locally-connected",
      "shared",
      [
        [5, 4],
        [3, 4],
      ],
    ],
    [
      "mlp",
      undefined,
      [
        [5, 4],
        [3, 4],
      ],
    ],
  ] as const)("%s, positions %s: %j", (architecture, positions, shapes) => {
    const workspace = workspaceOf(networkCase(architecture));
    for (const view of workspace.layers) view.directFeedback(workspace.readout, { kind: "head", gain: 3, positions });
    const kept = workspace.registry.variables.filter(({ kind }) => kind === "head");
    expect(kept.map(({ name, shape, learningRate, initial }) => [name, shape, learningRate, initial])).toEqual(
      shapes.map((shape, l) => [
        `layer${l + 1}.feedback`,
        shape,
        "hidden",
        { kind: "normal", deviation: expect.closeTo(3 / Math.sqrt(4), 12) as number },
      ]),
    );
  });

  test.each(nets.map((net) => [net.name, net] as const))(
    "sends what arrives at each unit, and learns as a read-out: %s",
    (_, net) => {
      for (const positions of [undefined, "shared"] satisfies FeedbackRequest["positions"][]) {
        const workspace = workspaceOf(net);
        const drawn = drawFeeds(trace(net, { id: "frozen" }, batch), 1);
        const { readout, classes } = workspace;
        for (const view of workspace.layers) {
          const feedback = view.directFeedback(readout, { kind: "head", gain: 1, positions });
          const { name, shape } = feedback.parameter;
          const matrix = Array.from({ length: shape[0]! * classes }, (_, i) => Math.sin(i));
          const sent = signalLike(readout.post, "sent");
          const feeds = { ...drawn, [name]: matrix, sent: sent.values };
          const units = view.unitsInAll;
          const row = (unit: number): number => unit % shape[0]!;
          const arrived = view.perExample(feedback.send(sent.tensor).broadcastTo(view.post.shape));
          const expected = Array.from({ length: batch * units }, (_, at) => {
            const [b, unit] = [Math.floor(at / units), at % units];
            let sum = 0;
            for (let k = 0; k < classes; k++)
              sum += readout.layer.scale * sent.values[b * classes + k]! * matrix[row(unit) * classes + k]!;
            return sum;
          });
          expect(relativeError(values(arrived, feeds), expected)).toBeLessThan(1e-12);
          // What it sends and what it learns by are one product: < sent . (activity through it) > has it as its slope.
          const active = values(view.perExample(view.post), feeds);
          const slope = values(feedback.slope(sent.tensor), feeds);
          expect(dot(slope, matrix)).toBeCloseTo(dot(expected, active) / batch, 10);
        }
      }
    },
  );
});
