/**
 * A linear mix of a local and a global change, for every weight and bias; one that the local rule leaves alone has the global term only.
 * Heads of the local rule learn as they do without the mix, and so does its state.
 */
import { z } from "zod";
import { chooseFrom } from "../choose.ts";
import { type ChosenRule, defineRule, type Rule, RuleError, type Slope } from "../contract/index.ts";
import { backprop } from "../feedback/feedback.ts";

/** The rule `mix` over `rules`: those its option `local` may name. */
export function mixOf(rules: readonly Rule[]) {
  const choose = (local: string, options: Readonly<Record<string, unknown>>): ChosenRule =>
    chooseFrom(rules, { ...options, id: local });
  const options = z
    .strictObject({
      local: z.string().default("hpca").describe("id of the local rule"),
      localOptions: z.record(z.string(), z.unknown()).default({}).describe("options of the local rule"),
      alphaLocal: z.number().default(1).describe("weight of the local change"),
      alphaGlobal: z.number().default(1).describe("weight of the gradient"),
    })
    .superRefine(({ local, localOptions }, context) => {
      try {
        const { rule, options: settled } = choose(local, localOptions);
        if (rule.between(settled) !== undefined) {
          throw new RuleError(
            `expected a rule whose layers pass on their activity itself, got ${local}, which changes it; use it unmixed`,
          );
        }
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        context.addIssue({ code: "custom", path: ["local"], message: error.message });
      }
    });

  return defineRule(
    {
      id: "mix",
      family: "global direction",
      equation: "dW = alphaLocal * dW_local - alphaGlobal * dLoss/dW",
      source:
        "the public code HebbianLearning (Lagani et al.), where a layer's gradient is alpha_l * (-dW) + alpha_g * gradient",
      relation: "none",
      reads: [
        "pre",
        "post",
        "preactivation",
        "weight",
        "lateral",
        "outputError",
        "neighbour",
        "otherActivity",
        "otherWeight",
      ],
      options,
    },
    (workspace, { local: id, localOptions, alphaLocal, alphaGlobal }) => {
      const { rule, options: settled } = choose(id, localOptions);
      const local = rule.trace(workspace, settled);
      const global = backprop.trace(workspace, backprop().options).slopes;
      const slopes = global.map(({ parameter, gradient }): Slope => {
        const own = local.slopes.find((slope) => slope.parameter === parameter)?.gradient;
        const term = gradient.mul(alphaGlobal);
        return { parameter, gradient: own === undefined ? term : own.mul(alphaLocal).add(term) };
      });
      const heads = local.slopes.filter(({ parameter }) => !global.some((slope) => slope.parameter === parameter));
      return { ...local, slopes: [...slopes, ...heads] };
    },
  );
}
