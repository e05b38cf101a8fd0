/**
 * PEPITA: the output error is added to the input, and what this changes in a layer is what the layer unlearns. No derivative of the
 * activation enters, and nothing is carried between layers but activity.
 */
import { z } from "zod";
import { defineRule } from "../contract/index.ts";

/** Present the error to perturb the input to modulate activity. */
export const pepita = defineRule(
  {
    id: "pepita",
    family: "forward-only",
    equation: "dW_l = - < (h_l - h~_l) h~_{l-1}^T >,  h~ the second pass, on x + F e",
    symbols:
      "e = softmax - y the output error; F [classes, input] fixed and random, uniform with the He bound sqrt(6 / input) times `scale`; the bias changes by h_l - h~_l",
    source:
      "Dellaferrera and Kreiman 2022 and its public code, GiorgiaD/PEPITA (signal=sign: ERIN-sign there, with scale 0.1)",
    choices:
      "The source drops units, the same in both passes, and updates the output layer with the second pass's error; here no unit is dropped and the read-out learns by its own gradient.",
    relation: "none",
    reads: ["post", "outputError", "secondPhase"],
    options: z.strictObject({
      scale: z.number().positive().default(0.05).describe("size of F, as a fraction of the He bound"),
      signal: z.enum(["error", "sign"]).default("error").describe("what is added to the input: F e, or F sign(e)"),
    }),
  },
  (workspace, { scale, signal }) => {
    const { input, classes, outputError } = workspace;
    const [, ...shape] = input.shape;
    const size = shape.reduce((product, n) => product * n, 1);
    const F = workspace.fixed("input.projection", [classes, size], {
      kind: "uniform",
      bound: scale * Math.sqrt(6 / size),
    });
    const error = signal === "sign" ? outputError.sign() : outputError;
    const second = workspace.further({ encoded: input.add(error.matmul(F).reshape(input.shape)) });
    return {
      slopes: workspace.layers.flatMap((view) => {
        const { pre, post } = second.at(view);
        return view.descend(view.post.sub(post), pre);
      }),
    };
  },
);
