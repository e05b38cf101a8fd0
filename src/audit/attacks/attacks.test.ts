/** Every attack is refused or exposed, but for those that are known to deceive. */
import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { lower } from "../../runtime/index.ts";
import { buildStep } from "../../train/index.ts";
import { certify } from "../certificate/certificate.ts";
import { attacks } from "./all.ts";
import { drawFeeds, evaluate, type Feeds, trace } from "../../rules/testing/rule-cases.contract.ts";
import { chooseRule } from "../../rules/index.ts";
import { inputLength, networkNamed, type TracedAttack } from "./attack.ts";

const optimiser = { momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

/** Refused with a message, by the contract, the audit or the runtime; exposed by its certificate; or neither. */
function outcome({ rule: chosen, on = "mlp", exposed }: TracedAttack): string {
  const network = networkNamed(on);
  try {
    const rule = chosen();
    if (exposed(certify(rule, network, inputLength[on]))) return "exposed";
    for (const kind of ["sgd", "adam"] as const)
      lower(buildStep({ network, rule, optimiser: { ...optimiser, kind }, batch: 3 }, inputLength[on]).outputs);
    return "deceives";
  } catch (error) {
    return `refused: ${String(error)}`;
  }
}

/** Names of attacks that nothing stops as yet. */
const known: readonly string[] = [
  // Vouching.
  "scores of features times a weight",
  "weight shown to the layer above",
  "units meet in a nudge of their own",
  "positions meet in a nudge of their own",
  // Probing.
  "sign noise times the identity",
  "codes of a permutation",
  "the largest of noise",
  "identity glued together from data",
  "larger of data and identity",
  "data to a chosen power",
  "data divided by a pattern",
  "codes of the label",
  "a random choice that is kept",
  "a kept pattern times sign noise",
  "own weights as a probe",
  "input drawn as a pattern",
  "layers made to pass on a pattern",
  "perturbed into a pattern",
  "probed scores as an error",
  "weights behind a loss",
  "a partner behind a loss",
  // Two graphs.
  "objective named as the next weight",
  "objective named loss",
  "objective named error",
  "scores that are the label",
  "between that reads the labels by closure",
  "between that passes on a weight",
  "own weights by a decay",
  "read-out made to forget",
  "updates that change when they are read again",
  // State launders.
  "the gradient in a weight of a copied layer",
  "the gradient in a weight of nobody",
  "the past in a head",
  "the label in a bias of a copied layer",
  "units meet in a head",
  "units meet in a state of another layer",
  "inputs meet in a head of nobody",
  "samples meet in a state of nobody",
  "positions meet in a state",
  "the batch before this one",
  // Roles.
  "noise that is an input of a layer",
  "label as a level of resampling",
  "a weight under another name",
  "labels under another name",
  "a partner under another name",
  "a constant that has two values",
  // Sizes.
  "large batches",
  "even batches",
  "a factor that vanishes in small batches",
  "more than one batch in slices",
  "another graph the second time",
  // Arithmetic.
  "sign of another unit's zero",
  "sign of another sample's zero",
  "infinity times zero across units",
  "infinity in a product with the identity",
  "a state grown beyond bounds",
  // Unnamed.
  "another layer unit by unit",
  "backpropagation in broadcasts",
  "another unit's noise",
  "gates unit by unit",
  "input unit by unit",
  "scores class by class",
  "three units as one broadcast",
  "neighbour as a broadcast",
  "positions as a broadcast",
  "label as an error",
  "label as a broadcast",
  "label class by class",
  "own weight in answer to a pattern",
  "other inputs in a second pass",
  "input of another position",
  "a weight behind a number",
];

const all = Object.values(attacks).flat();
const traced = all.filter((attack) => "rule" in attack);

test("attacks have names of their own, and those known to deceive are among them", () => {
  const names = all.map(({ name }) => name);
  expect(names.length).toBe(new Set(names).size);
  expect(known.filter((name) => !traced.some((attack) => attack.name === name))).toEqual([]);
});

test("texts export a rule of their own", () => {
  for (const attack of all) {
    if ("rule" in attack) continue;
    expect(attack.source).toContain("export const rule = rules.plasticity({");
    expect(attack.source).toContain(`id: "${attack.name.replaceAll(" ", "-")}"`);
  }
});

describe("attacks work", () => {
  /** The weights' pseudo-gradients on a batch of as many examples as are needed to see every class. */
  function changes({ rule, on = "mlp" }: TracedAttack, change: (feeds: Feeds) => Feeds = (feeds) => feeds) {
    const network = networkNamed(on);
    const traced = trace({ name: on, network, symbols: inputLength[on], vocabulary: 3 }, rule(), 3);
    return evaluate(traced, change(drawFeeds(traced, 1))).gradients;
  }
  const proven = traced.flatMap((attack) => (attack.proof === undefined ? [] : [[attack.name, attack] as const]));

  test.each(proven)("%s", (_, attack) => {
    const { proof } = attack;
    if (proof === undefined) return;
    const found = changes(attack);
    if (proof === "backpropagation") {
      const exact = changes({ ...attack, rule: () => chooseRule({ id: "backprop" }) });
      for (const layer of ["layer1", "layer2", "layer3"])
        expect([layer, relativeError(found[`${layer}.weight`]!, exact[`${layer}.weight`]!)]).toEqual([
          layer,
          expect.closeTo(0, 3),
        ]);
      return;
    }
    if (proof === "units meet") {
      const turned = changes(attack, (feeds) => ({
        ...feeds,
        "layer1.weight": feeds["layer1.weight"]!.map((value, i) => (i % 4 === 0 ? -value : value)),
      }));
      const ofOthers = (all: readonly number[]): number[] => all.filter((_, i) => i % 4 !== 0);
      const [before, after] = [found, turned].map((all) => ofOthers(all["layer1.weight"]!));
      expect(relativeError(after!, before!)).toBeGreaterThan(1e-12);
      return;
    }
    const { moves, by } = proof;
    const moved = changes(attack, (feeds) => ({
      ...feeds,
      [by]: feeds[by]!.map((value, i) =>
        Number.isInteger(value) && /labels|partner/.test(by) ? (value + 1) % 3 : value + 0.3 * Math.sin(1 + i),
      ),
    }));
    expect(relativeError(moved[`layer${moves}.weight`]!, found[`layer${moves}.weight`]!)).toBeGreaterThan(1e-12);
  });
});

describe.each(Object.keys(attacks))("%s", (kind) => {
  const own = traced.filter((attack) => attacks[kind]?.includes(attack));
  test.runIf(own.length > 0)("hold, or are known", () => {
    const found = own.map((attack) => [attack.name, outcome(attack)] as const);
    const deceiving = found.filter(([, result]) => result === "deceives").map(([name]) => name);
    expect(deceiving).toEqual(own.map(({ name }) => name).filter((name) => known.includes(name)));
  });
});
