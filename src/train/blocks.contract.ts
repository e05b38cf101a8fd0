/** Blocks of steps change no bit: what `Trainer` gives by a block and single steps, against single steps alone. */
import { describe, expect, it } from "vitest";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { groupOf } from "./group-cases.contract.ts";
import { type Group, Trainer } from "./index.ts";

const engine = nodeEngine();

/** Tests these rules, by identity, in these forms. */
export function blocksGiveTheSameBits(cases: readonly (readonly [rule: string, form: Group["form"]])[]): void {
  describe("five steps, three as one block, give the bits of five single steps", () => {
    it.each(cases)("%s, %s", async (rule, form) => {
      const seeds = form === "plain" ? [1] : [0, 1];
      const last = seeds.length - 1;
      const own = groupOf(rule, form, seeds, { width: 6, batch: 5 });
      const single = await Trainer.create(own, engine);
      const block = await Trainer.create(own, engine, 48);
      const losses: number[][] = [];
      const states: Record<string, Float32Array>[] = [];
      for (let step = 0; step < 5; step++) {
        losses.push(...(await single.advance()).map(({ loss }) => Array.from(loss!)));
        states.push(single.snapshot(last));
      }
      expect(block.blockSteps).toBe(3);
      const first = await block.advance();
      expect(await block.snapshotAfter(1, last)).toEqual(states[0]);
      expect(block.snapshot(last)).toEqual(states[first.length - 1]);
      const found = first.map(({ loss }) => Array.from(loss!));
      while (found.length < 5) {
        found.push(...(await block.advance(5 - found.length)).map(({ loss }) => Array.from(loss!)));
      }
      expect(found).toEqual(losses);
      expect(block.snapshot(last)).toEqual(states[4]);
      await single.dispose();
      await block.dispose();
    });
  });
}
