/**
 * What does every rule of the catalogue reach on a small hierarchy?
 *
 * Question: at its default options and a learning rate chosen for it, what test error does each rule reach on two levels of the random
 *   hierarchy model, next to backprop and to frozen features?
 * Pairs: by default those of rules that learn from pairs are of one input and know no label. These rules are run a second time with pairs
 *   of one class (pair=same-class), which carry the label, as in the studies that they come from.
 * Command: npm run docs -- --measure, which runs this study and writes the table of docs/rules.md.
 * Runtime: five minutes on two cores.
 * Expected: every rule trains without diverging at one learning rate at least; unsupervised Hebbian rules stay near frozen features.
 */
import { catalogue, optionNames } from "../src/rules/index.ts";
import { defineStudy } from "../src/study/spec/study.ts";

/** Every rule at its defaults, and those that learn from pairs once more with pairs of one class. */
const rules = catalogue.flatMap(({ id, options }) => [
  { id },
  ...(optionNames(options).includes("pair") ? [{ id, pair: "same-class" }] : []),
]);

export default defineStudy({
  name: "every-rule",
  question: "What does each rule reach on two levels of the random hierarchy model?",
  base: {
    task: { v: 8, m: 4, s: 2, depth: 2 },
    // P_max is 512 strings.
    data: { train: 320, validation: 64, test: 128 },
    network: { architecture: "tree-cnn", width: 32 },
    train: { steps: 600, batch: 64, optimiser: "adam", schedule: "cosine" },
  },
  // Most rules chose the largest of 0.001, 0.004 and 0.016, hence the two above.
  grid: { rule: rules, seed: [0, 1, 2] },
  tune: { over: { "train.learningRate": [0.001, 0.004, 0.016, 0.064, 0.256] } },
  baseline: "backprop",
  controls: { frozen: "hidden layers at their random initial weights" },
  runtime: "three and a half minutes on two cores",
});
