/** Paths of rules of the catalogue on a small tree: what their ends are, for every signal. */
import { expect, test } from "vitest";
import { layOut } from "../../networks/index.ts";
import { chooseRule, type Signal, signals } from "../../rules/index.ts";
import { traceUpdates, type TracedUpdates } from "../../train/index.ts";
import { certificateOf } from "./certificate.ts";
import { whyOf, type WhyPath } from "./why.ts";

/** A tree: 4 symbols of 3, layers of 2 and 1 positions with 3 and 4 units, 4 classes. */
export const tree = layOut(
  { positions: 4, channels: 3, classes: 4, branching: 2 },
  {
    ...{ architecture: "tree-cnn", width: 4, widths: [3, 4], activation: "relu" },
    ...{ parametrisation: "standard", bias: "none", readout: "flatten" },
  },
);

export const traced = (id: string, origins = false): TracedUpdates =>
  traceUpdates({ network: tree, rule: chooseRule({ id }), batch: 3, origins }, 4);
export const wordsAt = ({ nodes }: WhyPath, at: number): readonly string[] => nodes.at(at)?.words ?? [];

/** What the end of a path to each signal says of itself. */
const ends: Readonly<Record<Signal, RegExp>> = {
  pre: /(input|output) of layer/,
  otherInput: /^(input|output) of layer .*of input \d/,
  post: /(output|input) of (layer|the read-out)/,
  preactivation: /drive of layer/,
  weight: /weights of layer|bias of layer/,
  lateral: /(drive|output|input|weights|bias|noise) of layer .*of unit \d/,
  positions: /of layer .*of position \d/,
  memory: /state of/,
  batch: /(meet|of sample \d|of a sample of a step before)$/,
  pair: /paired view/,
  localHead: /head of layer/,
  label: /labels/,
  outputError: /output error|broadcast/,
  broadcast: /broadcast|judgement/,
  noise: /noise of/,
  secondPhase: /in another pass/,
  neighbour: /message from (above|below)|(head|state|values that never change) of/,
  otherActivity: /(input|output|drive) of|symbols of/,
  otherWeight: /(weights|bias|input|output|drive) of/,
};

/** Every line of every certificate of these rules has paths that end where it says. */
export function pathsEndWhereTheySay(ids: readonly string[]): void {
  test.each(ids.map((id) => [id] as const))("%s", (id) => {
    const updates = traced(id);
    const { layers, signals: all } = certificateOf(updates);
    for (const signal of Object.keys(signals) as Signal[]) {
      const paths = whyOf(updates, signal);
      const reading = layers.filter((one) => one.signals.includes(signal)).map(({ layer }) => layer);
      expect([signal, [...new Set(paths.map(({ layer }) => layer))]]).toEqual([signal, reading]);
      expect(paths.length > 0).toBe(all.includes(signal));
      for (const path of paths) {
        expect([signal, path.reads, wordsAt(path, -1).join("; ")]).toEqual([
          signal,
          expect.any(String),
          expect.stringMatching(ends[signal]),
        ]);
        expect(wordsAt(path, 0)[0]).toMatch(/^what .* (changes by|becomes)$|^weights of|^bias of/);
      }
    }
  });
}
