/** The control: hidden layers keep their random initial weights, only the read-out learns. */
import { z } from "zod";
import { plasticity } from "../contract/index.ts";

export const frozen = plasticity({
  id: "frozen",
  aliases: ["random-features"],
  family: "control",
  equation: "dW_l = 0",
  source: "control",
  relation: "none",
  reads: [],
  options: z.strictObject({}),
  change: () => undefined,
});
