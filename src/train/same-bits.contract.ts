/** Runs of a rule whose numbers must not depend on how many replicas they are stacked with, nor on threads. */
import { expect } from "vitest";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { groupOf, type Sizes } from "./group-cases.contract.ts";
import { type Group, type StepScalars, train, Trainer } from "./index.ts";

/** The form, the company and the threads of runs. */
export interface Setting {
  readonly form: Group["form"];
  readonly seeds: readonly number[];
  readonly threads: number;
}

/** State and scalars of every seed after some steps. */
async function numbersOf(rule: string, { form, seeds, threads }: Setting, sizes: Sizes): Promise<Map<number, unknown>> {
  const trainer = await Trainer.create(groupOf(rule, form, seeds, sizes), nodeEngine({ threads }));
  try {
    const steps: StepScalars[] = [];
    for (let step = 0; step < 3; step++) steps.push(...(await trainer.advance()));
    return new Map(
      seeds.map((seed, r) => [
        seed,
        {
          state: trainer.snapshot(r),
          scalars: steps.map((all) => Object.entries(all).map(([name, values]) => [name, values[r]])),
        },
      ]),
    );
  } finally {
    await trainer.dispose();
  }
}

/** Every seed has the same bits in all settings, of which the first has every seed. */
export async function giveTheSameBits(rule: string, settings: readonly Setting[], sizes: Sizes): Promise<void> {
  const [first, ...others] = settings;
  if (first === undefined) throw new Error("internal: expected a setting, got none");
  const expected = await numbersOf(rule, first, sizes);
  for (const setting of others) {
    for (const [seed, numbers] of await numbersOf(rule, setting, sizes))
      expect(numbers, `seed ${seed}, ${JSON.stringify(setting)}`).toEqual(expected.get(seed));
  }
}

/** Scores and curves of whole short runs are the same in all settings. */
export async function runsScoreTheSame(rule: string, settings: readonly Setting[], sizes: Sizes): Promise<void> {
  const scoresOf = async ({ form, seeds, threads }: Setting): Promise<Map<number, unknown>> => {
    const options = { steps: 10, stopAtLoss: 0, stopWindow: 1, curveEvery: 1, probes: false };
    const results = await train(groupOf(rule, form, seeds, sizes), options, nodeEngine({ threads }));
    return new Map(results.map((result, r) => [seeds[r] ?? 0, result]));
  };
  const [first, ...others] = settings;
  if (first === undefined) throw new Error("internal: expected a setting, got none");
  const expected = await scoresOf(first);
  for (const setting of others) {
    for (const [seed, result] of await scoresOf(setting))
      expect(result, `seed ${seed}, ${JSON.stringify(setting)}`).toEqual(expected.get(seed));
  }
}
