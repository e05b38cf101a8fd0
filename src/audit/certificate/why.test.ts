/** Paths of certificates: what stands at their ends, and that every line of every certificate has one. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { defineRule, type Signal } from "../../rules/index.ts";
import { traceUpdates } from "../../train/index.ts";
import { pathsEndWhereTheySay, traced, tree, wordsAt } from "./why-cases.contract.ts";
import { whyOf, type WhyPath } from "./why.ts";

const why = (id: string, signal: Signal, layer?: number): WhyPath[] => whyOf(traced(id), signal, layer);
/** The words of all nodes that have any. */
const told = ({ nodes }: WhyPath): string[] =>
  nodes.flatMap(({ words }) => (words.length > 0 ? [words.join("; ")] : []));

describe("a path leads from what changes to what is read", () => {
  test("the weights of other layers in backpropagation, and where that was written", () => {
    const [second, readout, ...more] = whyOf(traced("backprop", true), "otherWeight", 1);
    expect(more).toEqual([]);
    expect(second!.reads).toBe("weights of layer 2 (layer2.weight)");
    expect(readout!.reads).toBe("weights of the read-out (readout.weight)");
    expect(
      second!.nodes.map(({ primitive, attributes, shape }) => `${primitive}${attributes} ${shape.join(",")}`),
    ).toEqual([
      ...["matmul{transposeA} 6,3", "mul 6,3", "mul 6,3", "reshape 6,3", "matmul{transposeB} 3,6", "input 6,4"],
    ]);
    expect(told(second!)).toEqual(["what layer1.weight changes by", "weights of layer 2 (layer2.weight)"]);
    const places = second!.nodes.map(({ place }) => place);
    expect(places[0]).toMatch(/^src\/rules\/feedback\/feedback\.ts:\d+:\d+$/);
    expect(places[4]).toMatch(/^src\/rules\/feedback\/chain\.ts:\d+:\d+$/);
    // The weights are given to every rule.
    expect(places.at(-1)).toBeUndefined();
    expect(why("backprop", "otherWeight", 2).map(({ layer, reads }) => [layer, reads])).toEqual([
      [2, "weights of the read-out (readout.weight)"],
    ]);
  });

  test("the output error, and a broadcast", () => {
    const [error] = why("direct-feedback-alignment", "outputError", 1);
    expect(wordsAt(error!, -1)).toEqual(["output error: scores less labels"]);
    const [broadcast] = why("weight-perturbation", "broadcast", 1);
    expect(told(broadcast!)).toEqual(["what layer1.weight changes by", "broadcast"]);
  });

  test("a state, and noise that went into another pass", () => {
    const [memory] = why("bcm", "memory", 1);
    expect(memory!.reads).toMatch(/^state of layer 1 \(layer1\./);
    const [noise] = why("weight-mirror", "noise", 1);
    expect(told(noise!).slice(-2)).toEqual([
      "what went into it; output of layer 1 in another pass",
      "what went into it; noise of layer 1 (noise.layer1.mirror)",
    ]);
  });

  test("other units of Sanger's rule: those before a unit, by their drive and by their weights", () => {
    const paths = why("sanger", "lateral", 1);
    expect(paths.map(({ reads }) => reads)).toEqual([
      "the change at unit 2 depends on unit 1: drive of layer 1",
      "the change at unit 2 depends on unit 1: weights of layer 1 (layer1.weight)",
    ]);
    // By the products of drives, and not by the first term x y^T.
    expect(paths[0]!.nodes.map(({ primitive }) => primitive)).toEqual([
      "neg",
      "sub",
      "matmul",
      "mul",
      "matmul",
      "matmul",
    ]);
    expect(wordsAt(paths[0]!, -1)).toEqual(["drive of layer 1", "of unit 1"]);
  });

  test("what is kept, by what it became in the step before", () => {
    const keeping = defineRule(
      {
        ...{ id: "keeping", family: "-", equation: "-", source: "-", relation: "none", reads: [] },
        options: z.strictObject({}),
      },
      ({ layers, labels }) => {
        const kept = layers.map((layer) => layer.state("kept", "per unit", 0));
        return {
          slopes: layers.flatMap(({ parameters: [parameter] }, i) =>
            parameter === undefined ? [] : [{ parameter, gradient: kept[i]!.now.broadcastTo(parameter.shape) }],
          ),
          next: layers.map(({ post }, i) =>
            kept[i]!.becomes(post.sum(-1).mean().mul(labels.cast("float32").mean()).broadcastTo(kept[i]!.now.shape)),
          ),
        };
      },
    );
    const updates = traceUpdates({ network: tree, rule: keeping(), batch: 3 }, 4);
    for (const [signal, end] of [
      ["label", "labels"],
      ["lateral", "output of layer 1; of unit 2"],
    ] as const) {
      const [path] = whyOf(updates, signal, 1);
      const words = told(path!);
      expect(words.at(-1)).toBe(end);
      // The label is what the state's own change is made of, too; units meet in what weights change by.
      if (signal === "label") expect(words).toEqual(["what layer1.kept becomes", "labels"]);
      else
        expect(words).toEqual([
          "what layer1.weight changes by",
          "state of layer 1 (layer1.kept)",
          "kept from the step before: what layer1.kept becomes",
          end,
        ]);
    }
  });

  test("other inputs, where a unit's weights are divided by their norm", () => {
    const [other] = why("hebb", "otherInput", 1);
    expect(other!.nodes.map(({ primitive }) => primitive)).toContain("sqrt");
    expect(wordsAt(other!, -1)).toEqual(["input of layer 1", "of input 2"]);
  });

  test("other samples of InfoNCE meet in a product of views; other positions too", () => {
    const [batch] = why("info-nce", "batch", 1);
    expect(batch!.reads).toBe("sample 1 and sample 2 meet");
    const meeting = batch!.nodes.find(({ words }) => words.includes("here sample 1 and sample 2 meet"));
    expect(meeting?.primitive).toBe("matmul");
    expect(wordsAt(batch!, -1).at(-1)).toBe("of sample 2");
    expect(wordsAt(batch!, -1)[0]).toMatch(/^output of layer 1/);
    const [positions] = why("info-nce", "positions", 1);
    expect(wordsAt(positions!, -1)).toEqual(["output of layer 1", "of position 2"]);
  });

  test("a sum over samples, where a function is taken of it", () => {
    const [batch] = why("ghl", "batch", 2);
    expect(batch!.nodes.find(({ words }) => words.some((one) => one.startsWith("here")))?.primitive).toBe("sign");
  });

  test("a message, and activity of another pass behind which it stands", () => {
    const [message] = why("equilibrium-propagation", "neighbour", 1);
    expect(message!.reads).toBe("message from above of 6 numbers for each example");
    expect(told(message!)).toContainEqual("what went into it");
  });

  test("nothing for what is not read, and an error for a layer that is not there", () => {
    expect(why("backprop", "noise")).toEqual([]);
    expect(why("sanger", "otherWeight")).toEqual([]);
    expect(() => why("backprop", "pre", 3)).toThrow("expected one from 1 to 2, got 3");
  });
});

describe("every line of a certificate has paths that end where it says (all rules: why.slow.test.ts)", () => {
  pathsEndWhereTheySay(["backprop", "sanger", "info-nce", "bcm", "node-perturbation", "weight-mirror", "greedy"]);
});
