/**
 * What does every rule of the catalogue reach on a small hierarchy?
 *
 * Question: at its default options and a learning rate chosen for it, what test error does each rule reach on two levels of the random
 *   hierarchy model, next to backprop and to frozen features?
 * Command: npm run docs -- --measure, which runs this study and writes the table of docs/rules.md.
 * Runtime: three and a half minutes on two cores.
 * Expected: every rule trains without diverging at one learning rate at least; unsupervised Hebbian rules stay near frozen features.
 */
import { catalogue } from "../src/rules/index.ts";
import { defineStudy } from "../src/study/study.ts";

export default defineStudy({
  name: "every-rule",
  question: "What does each rule reach on two levels of the random hierarchy model, at its default options?",
  base: {
    task: { v: 8, m: 4, s: 2, depth: 2 },
    // P_max is 512 strings.
    data: { train: 320, validation: 64, test: 128 },
    network: { architecture: "tree-cnn", width: 32 },
    train: { steps: 600, batch: 64, optimiser: "adam", schedule: "cosine" },
  },
  // Most rules chose the largest of 0.001, 0.004 and 0.016, hence the two above.
  grid: { rule: catalogue.map(({ id }) => id), seed: [0, 1, 2] },
  tune: { over: { "train.learningRate": [0.001, 0.004, 0.016, 0.064, 0.256] } },
  baseline: "backprop",
  controls: { frozen: "hidden layers at their random initial weights" },
  runtime: "three and a half minutes on two cores",
});
