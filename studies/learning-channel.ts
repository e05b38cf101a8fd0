/**
 * Does backpropagation have the learning channel of the highest rate?
 *
 * Question: how many bits about the gradient does one update bring each weight, by rule; what does the update cost; and is the ratio
 *   highest for backpropagation, as Baldi and Sadowski (2016) argue from counting?
 * Command: afferent channel studies/learning-channel.ts --svg learning-channel.svg
 *   (afferent run studies/learning-channel.ts trains the same runs, for their errors.)
 * Runtime: two and a half minutes on one core.
 * Claim: the rate of backprop is above that of every other rule, at initialisation and at the end of training, each at 5 % by paired
 *   t-tests over seeds, adjusted over all rules (Holm). It is tested for bits of a Gaussian channel at D = 24 and for bits of the signs.
 * Expected: supported, as only backprop's own rounding limits its bits. It is no theorem: an update that costs less than backprop's
 *   and knows something of the gradient is ahead once numbers have few enough bits; the command says below which D.
 * Found: supported (docs/learning-channel.md).
 * Controls: info-nce with pairs of one class, whose update knows labels by these alone and is no estimate of this gradient; frozen, which
 *   has no update. forward-forward and the others have their default options.
 */
import { defineStudy } from "../src/study/spec/study.ts";

export default defineStudy({
  name: "learning-channel",
  question: "Which rule's update carries the most bits about the gradient for its operations?",
  base: {
    task: { v: 8, m: 4, s: 2, depth: 3 },
    data: { train: 2000, validation: 500, test: 500 },
    network: { architecture: "mlp", width: 32, depth: 4 },
    train: { steps: 400, batch: 32, optimiser: "adam", learningRate: 0.002 },
  },
  grid: {
    rule: [
      "backprop",
      "backprop-ungated",
      "feedback-alignment",
      "direct-feedback-alignment",
      "sign-dfa",
      "drtp",
      "usf",
      "brsf",
      "frsf",
      "kolen-pollack",
      "direct-kolen-pollack",
      "weight-mirror",
      "adaptive-feedback",
      "ghl",
      "sign-sgd",
      { id: "weight-perturbation", draws: 1 },
      { id: "weight-perturbation", draws: 10 },
      { id: "weight-perturbation", draws: 50 },
      { id: "node-perturbation", draws: 1 },
      { id: "node-perturbation", draws: 10 },
      { id: "node-perturbation", draws: 50 },
      "reward-modulated-hebb",
      "deep-targets",
      "difference-target-propagation",
      "predictive-coding",
      "predictive-coding-exact",
      "equilibrium-propagation",
      "pepita",
      "forward-forward",
      { id: "info-nce", pair: "same-class" },
      "frozen",
    ],
    seed: [0, 1, 2, 3, 4],
  },
  controls: {
    "info-nce":
      "an update that is no estimate of the gradient: it knows labels only by its pairs, which are of one class",
    frozen: "no update",
  },
  expected: "backprop has the highest rate against every rule, because only its own rounding limits its bits",
  runtime: "two and a half minutes on one core",
});
