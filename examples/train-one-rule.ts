/** Trains one rule on the random hierarchy model and prints its curve and its errors. Run: npx tsx examples/train-one-rule.ts */
import { networks, rules, tasks, train } from "afferent";

const task = tasks.rhm({ v: 8, m: 4, depth: 2, seed: 1 });
const network = networks.treeCnn(task, { width: 32 });
const data = { train: 200, validation: 50, test: 200 };

for (const rule of [rules.backprop(), rules.infoNce({ pair: "same-class" }), rules.frozen()]) {
  const { curve, test } = await train({ task, network, rule, data, steps: 300, seed: 1 });
  const losses = curve
    .filter(({ metric }) => metric === "trainLoss")
    .map(({ step, value }) => `${step}: ${value.toFixed(3)}`);
  console.log(
    `${rule.rule.id}\n  train loss by step   ${losses.join("  ")}\n  test error           ${test.error.toFixed(3)}`,
  );
}
