/**
 * A rule of one's own, next to the shipped rule that it varies: Oja's rule with a threshold that moves with the mean activity of the unit.
 * Run: npx tsx examples/own-rule.ts
 */
import { certify, networks, rules, tasks, train, z } from "afferent";

const centredOja = rules.plasticity({
  id: "centred-oja",
  family: "mine",
  equation: "dW = < (y - m) (x - y w) >,  dm = rate (< y > - m)",
  symbols: "x the input, y the drive of the unit, m its running mean; < > the mean over samples",
  source: "an example",
  relation: "none",
  reads: ["pre", "preactivation", "weight", "memory"],
  options: z.strictObject({ rate: z.number().min(0).max(1).default(0.05).describe("of the running mean") }),
  change: ({ pre: x, preactivation: y, weight: W, outer, mean, perUnit }, { rate }) => {
    const m = perUnit("mean", 0);
    const above = y.sub(m.now);
    return { weight: outer(x, above).sub(W.mul(mean(above.mul(y)))), next: [m.follows(mean(y), rate)] };
  },
});

const task = tasks.rhm({ v: 8, m: 4, depth: 2, seed: 1 });
const network = networks.treeCnn(task, { width: 32 });
const settings = {
  task,
  network,
  data: { train: 200, validation: 50, test: 200 },
  steps: 300,
  learningRate: 5e-4,
  readoutLearningRate: 0.02,
};

const { undeclared, layers } = certify({ task, network, rule: centredOja });
console.log(
  `centred-oja reads ${undeclared.join(", ") || "nothing"} beyond what it claims: ${layers[0]?.verdict.text}`,
);
for (const rule of [rules.oja({ activity: "preactivation" }), centredOja({ rate: 0.1 })]) {
  const { test } = await train({ ...settings, rule });
  console.log(`${rule.rule.id}: test error ${test.error.toFixed(3)}`);
}
