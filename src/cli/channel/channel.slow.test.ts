import { expect, it } from "vitest";
import { typed } from "../typed.contract.ts";

it("the shipped study, shortened", async () => {
  const line =
    "channel studies/learning-channel.ts train.steps=5 train.batch=4 network.width=6 network.depth=2 seed=0,1 --batches 2";
  const { code, stdout, stderr } = await typed(line);
  expect([code, stderr]).toEqual([0, ""]);
  // Two seeds of small networks establish little; the claims of the study itself are in docs/learning-channel.md.
  for (const step of [0, 5])
    for (const reading of ["bits", "sign bits"])
      expect(stdout).toContain(`claim: backprop has the highest rate (${reading}, step ${step})\n`);
  expect(stdout).toContain("weight-perturbation (draws=50)");
  expect(stdout).toMatch(/frozen +0 +0\.5 ± 0 /);
});
