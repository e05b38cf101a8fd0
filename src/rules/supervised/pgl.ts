/**
 * Periodic global guidance: a local rule, with every T-th step taken by the output loss instead. Heads of the local rule learn at every
 * step, so that they keep up with their layers. A local rule that leaves a layer alone leaves it to the global steps.
 */
import { z } from "zod";
import { full } from "../../graph/index.ts";
import { chooseFrom } from "../choose.ts";
import { type ChosenRule, defineRule, type Rule, RuleError, type Slope } from "../contract/index.ts";
import { backprop } from "../feedback/feedback.ts";

/** The rule over `rules`: those its option `local` may name, and that of the global steps. */
export function periodicGlobalGuidance(rules: readonly Rule[], global: Rule = backprop) {
  const options = z
    .strictObject({
      local: z.string().default("greedy").describe("id of the local rule"),
      localOptions: z.record(z.string(), z.unknown()).default({}).describe("its options"),
      period: z.int().positive().default(10).describe("T, every which step is global; 1 is the global rule alone"),
    })
    .superRefine(({ local, localOptions }, context) => {
      try {
        chooseFrom(rules, { ...localOptions, id: local });
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        context.addIssue({ code: "custom", message: error.message, path: ["local"] });
      }
    });
  type Options = z.output<typeof options>;
  const chosenOf = ({ local, localOptions }: Options): ChosenRule => chooseFrom(rules, { ...localOptions, id: local });

  return defineRule(
    {
      id: "pgl",
      aliases: ["periodic-global-guidance"],
      family: "layerwise supervised",
      equation: "dW_l(t) = global change  when t mod T = 0,  local change  otherwise",
      symbols: "t = 1, 2, ... the step; the global change is backpropagation's",
      source: "Bhatti and Moon 2022",
      choices: "The period is not known.",
      relation: "none",
      reads: [
        "pre",
        "post",
        "preactivation",
        "lateral",
        "localHead",
        "label",
        "outputError",
        "neighbour",
        "otherActivity",
        "otherWeight",
        "positions",
        "memory",
      ],
      options,
    },
    (workspace, given) => {
      const { rule, options: own } = chosenOf(given);
      if (rule.between(own) !== undefined) {
        throw new RuleError(
          `rule pgl: expected a local rule that passes activity on as it is, got "${rule.id}", which changes it between layers; ` +
            `the output loss has another gradient there: switch that off in rule.localOptions or use another rule`,
        );
      }
      const local = rule.trace(workspace, own);
      const guided = global.trace(workspace, global().options);
      const step = workspace.state("pgl.step", [], 1);
      const isGlobal = step.now.greater(given.period - 0.5);
      const others = local.slopes.filter(
        ({ parameter }) => !guided.slopes.some((slope) => slope.parameter === parameter),
      );
      const slopes = guided.slopes.map(({ parameter, gradient }): Slope => {
        const alone = local.slopes.find((slope) => slope.parameter === parameter)?.gradient;
        return { parameter, gradient: isGlobal.where(gradient, alone ?? full(0, gradient.shape)) };
      });
      return {
        ...local,
        slopes: [...slopes, ...others],
        next: [...(local.next ?? []), step.becomes(isGlobal.where(1, step.now.add(1)))],
      };
    },
  );
}
