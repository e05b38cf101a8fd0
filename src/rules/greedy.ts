/**
 * Decoupled greedy learning: every layer lowers the cross-entropy of a classifier of its own.
 *
 *   J_l = - < log softmax(q_l(h_l))_y >
 *
 * q_l is linear or has one hidden layer, on the positions' activities side by side or averaged.
 * Source: Belilovsky, Eickenberg and Oyallon 2019, 2020, algorithm 1 (there: convolutional and MLP heads, spatial averaging).
 */
import { z } from "zod";
import { crossEntropy } from "../graph/index.ts";
import { layerwise } from "./layerwise.ts";
import { classifierOptions, classify } from "./local-head.ts";

const options = z.strictObject(classifierOptions);
export type GreedyOptions = z.output<typeof options>;

/** A local classifier per layer (Belilovsky et al. 2020). */
export const greedy = layerwise<GreedyOptions>({
  id: "greedy",
  aliases: ["dgl", "decoupled-greedy-learning"],
  family: "layerwise supervised",
  equation: "J_l = - < log softmax(q_l(h_l))_y >",
  source: "Belilovsky, Eickenberg and Oyallon 2020, algorithm 1",
  relation: "none",
  reads: ["pre", "post", "preactivation", "lateral", "label", "localHead"],
  options,
  objective: (view, chosen, workspace) =>
    crossEntropy(classify(view, view.post, workspace.network.readout.classes, chosen), workspace.labels),
});
