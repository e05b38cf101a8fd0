/** Decoupled greedy learning: every layer lowers the cross-entropy of a classifier of its own. */
import { z } from "zod";
import { layerwise } from "../contract/index.ts";
import { classifierLoss, classifierOptions } from "./local-head.ts";

export const greedy = layerwise({
  id: "greedy",
  aliases: ["dgl", "decoupled-greedy-learning"],
  family: "layerwise supervised",
  equation: "J_l = - < log softmax(q_l(h_l))_y >",
  symbols: "q_l linear or with one hidden layer, on the positions' activities side by side or averaged; y the class",
  source:
    "Belilovsky, Eickenberg and Oyallon 2019, 2020, algorithm 1 (there: convolutional and MLP heads, spatial averaging)",
  relation: "none",
  reads: ["pre", "post", "lateral", "localHead", "label", "positions"],
  options: z.strictObject(classifierOptions),
  objective: classifierLoss,
});
