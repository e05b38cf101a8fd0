/**
 * No attack deceives: each is refused or exposed, or what is run does not know what it was meant to know.
 *
 * There are 213: 11 that look like forward passes, 25 that probe, 20 that show one graph and run another, 23 that launder by what is kept,
 * 18 with inputs that are not what they are called, 10 that wait for a size, 16 by the arithmetic of computers, 13 that look like averages,
 * 24 by what has no name, 12 with documents that change, 23 at the edges; and 18 texts that are run as rule files are
 * (`environment.test.ts`). Each has deceived the audit of an earlier version, or is a variant of one that has: of the first 153, 72
 * deceived the version before rules were traced once into documents (`history.ts`).
 */
import { describe, expect, test } from "vitest";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { chooseRule } from "../../rules/index.ts";
import { drawFeeds, evaluate, type Feeds, trace } from "../../rules/testing/rule-cases.contract.ts";
import { attacks } from "./all.ts";
import { inputLength, networkNamed, type TracedAttack } from "./attack.ts";
import { deceivedBefore } from "./history.ts";
import { failureOf, outcome } from "./outcome.contract.ts";

const all = Object.values(attacks).flat();
const traced = all.filter((attack) => "rule" in attack);

test("so many of each class, each with a name of its own", () => {
  const counts = Object.fromEntries(Object.entries(attacks).map(([kind, { length }]) => [kind, length]));
  expect(counts).toEqual({
    ...{ vouching: 11, probing: 25, "two graphs": 20, "state launders": 23, roles: 18, sizes: 10 },
    ...{ environment: 18, arithmetic: 16, averages: 13, unnamed: 24, documents: 12, edges: 23 },
  });
  const names = all.map(({ name }) => name);
  expect(names.length).toBe(new Set(names).size);
});

test("those that have deceived before are among them", () => {
  expect(deceivedBefore).toHaveLength(72);
  expect(deceivedBefore.filter((name) => !traced.some((attack) => attack.name === name))).toEqual([]);
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
      const ofOthers = (values: readonly number[]): number[] => values.filter((_, i) => i % 4 !== 0);
      const [before, after] = [found, turned].map((values) => ofOthers(values["layer1.weight"]!));
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

describe.each(Object.keys(attacks).filter((kind) => kind !== "environment"))("%s fail", (kind) => {
  const own = traced.filter((attack) => attacks[kind]?.includes(attack));
  test.each(own.map((attack) => [attack.name, attack] as const))("%s", (_, attack) => {
    expect(outcome(attack, attack.rule, attack)).toBe(failureOf(attack));
  });
});
