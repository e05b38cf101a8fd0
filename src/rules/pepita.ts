/**
 * PEPITA: the output error is added to the input, and what this changes in a layer is what the layer unlearns.
 *
 *   dW_l = - < (h_l - h~_l) h~_{l-1}^T >,   h~ the second pass, on x + F e,  e = softmax - y
 *
 * F [classes, input] is fixed and random, uniform with the He bound sqrt(6 / input) times `scale`; with signal=sign the second
 * input is x + F sign(e) (ERIN-sign in the public code, which has scale 0.1 there). No derivative of the activation enters, and
 * nothing is carried between layers but activity. The bias changes by h_l - h~_l. The source drops units, the same in both
 * passes, and updates the output layer with the second pass's error; here no unit is dropped and the read-out learns by its own gradient.
 * Source: Dellaferrera and Kreiman 2022 and its public code, GiorgiaD/PEPITA.
 */
import { z } from "zod";
import type { Tensor } from "../graph/index.ts";
import { defineRule, descend } from "./rule.ts";

const options = z.strictObject({
  scale: z.number().positive().default(0.05).describe("size of F, as a fraction of the He bound"),
  signal: z.enum(["error", "sign"]).default("error").describe("what is added to the input: F e, or F sign(e)"),
});
export type PepitaOptions = z.output<typeof options>;

/** Present the error to perturb the input to modulate activity (Dellaferrera and Kreiman 2022). */
export const pepita = defineRule<PepitaOptions>(
  {
    id: "pepita",
    family: "forward-only",
    equation: "dW_l = - < (h_l - h~_l) h~_{l-1}^T >,  h~ on x + F e",
    source: "Dellaferrera and Kreiman 2022; public code GiorgiaD/PEPITA",
    relation: "none",
    reads: ["post", "secondPhase", "outputError"],
    options,
  },
  (workspace, { scale, signal }) => {
    const { input, readout } = workspace.network;
    const size = input.positions * input.channels;
    const projection = workspace.variable(
      {
        name: "input.projection",
        kind: "fixed",
        shape: [readout.classes, size],
        initial: { kind: "uniform", bound: scale * Math.sqrt(6 / size) },
      },
      "feedback",
    );
    const error = signal === "sign" ? workspace.outputError.sign() : workspace.outputError;
    const modulation = error.matmul(projection).reshape([workspace.batch, input.positions, input.channels]);
    const second = workspace.secondPass({ encoded: workspace.encodedInput.add(modulation) });
    const gradients: Record<string, Tensor> = {};
    for (const view of workspace.layers) {
      const there = second.layers[view.index - 1];
      if (there === undefined) throw new Error(`internal: no layer ${view.index} in the second pass`);
      Object.assign(gradients, descend(view, view.post.sub(there.post), workspace.batch, there.pre));
    }
    return { gradients };
  },
);
