/**
 * Layers that learn in turn. A layer out of turn has pseudo-gradient zero: it stands still under plain gradient descent; momentum and
 * Adam carry it on for a few steps after its turn, and weight decay still shrinks it. States change at every step.
 */
import type { Tensor } from "../../graph/index.ts";
import type { Updates } from "./rule.ts";
import type { Workspace } from "./workspace.ts";

export interface Turns {
  /** Steps of one layer's turn. */
  readonly steps: number;
  /** Whether the first layer follows the last again; if not, the last one's turn has no end. */
  readonly again: boolean;
}

/** The same updates with layers taking turns, the first layer first. The step is counted in the state `turn.step`. */
export function inTurns(workspace: Workspace, updates: Updates, { steps, again }: Turns): Updates {
  const count = workspace.layers.length;
  const step = workspace.state("turn.step", [], 0);
  const isTurn = (index: number): Tensor => {
    const begun = step.now.greater((index - 1) * steps - 0.5);
    return index === count && !again ? begun : begun.and(step.now.less(index * steps - 0.5));
  };
  const later = step.now.add(1);
  return {
    ...updates,
    slopes: updates.slopes.map(({ parameter, gradient }) => ({
      parameter,
      gradient: parameter.owner === undefined ? gradient : isTurn(parameter.owner.index).where(gradient, 0),
    })),
    next: [...(updates.next ?? []), step.becomes(again ? later.less(count * steps - 0.5).where(later, 0) : later)],
  };
}
