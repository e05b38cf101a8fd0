/**
 * Which of four rules learn the random hierarchy model, and from how many strings?
 *
 * Question: at equal budget, how do backprop, direct feedback alignment, layerwise InfoNCE and frozen random features compare on
 *   strings they have not seen?
 * Pairs: InfoNCE tells two strings of one class from strings of others. No layer reads a label, but whoever makes the pairs does:
 *   hidden layers learn from labels here, as those of backprop do. Pairs without labels are pair: "context", the default.
 * Command: npm start, or: afferent run studies/first-comparison.ts
 * Runtime: under three minutes on two cores.
 * Expected: backprop and InfoNCE with pairs of one class learn the hierarchy from a few times n_c m^L = 512 strings; direct feedback alignment needs
 *   more and stays behind; frozen features do not learn it.
 */
import { defineStudy } from "../src/study/spec/study.ts";

export default defineStudy({
  name: "first-comparison",
  question: "Which rules learn the random hierarchy model, and from how many training strings?",
  base: {
    task: { v: 8, m: 4, s: 2, depth: 3 },
    data: { validation: 1000, test: 4000 },
    network: { architecture: "tree-cnn", width: 64 },
    train: { steps: 1200, optimiser: "adam", schedule: "cosine" },
  },
  grid: {
    rule: ["backprop", "direct-feedback-alignment", { id: "info-nce", pair: "same-class" }, "frozen"],
    "data.train": [1000, 4000, 16000],
    seed: [0, 1, 2],
  },
  tune: { over: { "train.learningRate": [0.002, 0.006, 0.018] } },
  controls: { frozen: "hidden layers at their random initial weights: what the read-out alone can do" },
  expected:
    "backprop and InfoNCE, whose pairs know the label, reach an error near 0 at 4000 strings, direct feedback alignment about 0.1, frozen features above 0.7",
  runtime: "under three minutes on two cores",
});
