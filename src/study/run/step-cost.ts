/** What one training step of a run costs by the cost model (`graph/cost.ts`), taken apart. */
import { cost, type Cost } from "../../graph/index.ts";
import { frozen } from "../../rules/index.ts";
import { buildStep, simplifyAll } from "../../train/index.ts";
import type { PlannedModel } from "./planned-model.ts";

/** Costs of one step on one batch. The parts add up to the step. */
export interface StepCost {
  /** The whole step: one replica, simplified, as it is executed. */
  readonly step: Cost;
  /** The hidden layers' forward pass on the batch, which every rule needs. */
  readonly forward: Cost;
  /** The read-out's scores, loss, own gradient and update, the same for every rule. */
  readonly readout: Cost;
  /** What the rule adds: its signals (a partner's forward pass too), its pseudo-gradients, the optimiser on the hidden layers. */
  readonly rule: Cost;
}

/** Costs of a model. Parts are differences: the step without the rule is that of `frozen`. */
export function stepCost({ model, length, cost: step }: PlannedModel): StepCost {
  const still = buildStep({ ...model, rule: frozen() }, length);
  const withoutRule = cost(Object.values(still.outputs));
  const { pre: features } = still.traced.workspace.pass.readout;
  const forward = cost(Object.values(simplifyAll({ features })));
  return { step, forward, readout: minus(withoutRule, forward), rule: minus(step, withoutRule) };
}

function minus(a: Cost, b: Cost): Cost {
  return { operations: a.operations - b.operations, products: a.products - b.products, bytes: a.bytes - b.bytes };
}
