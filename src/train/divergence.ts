/** What went wrong first in a run that diverged. */
import type { StepScalars, Trainer } from "./trainer.ts";

/** Names of the tensors that are not finite, input side first, as they stand in the state. */
function notFinite(values: Readonly<Record<string, Float32Array>>): string[] {
  return Object.keys(values).filter((name) => !(values[name]?.every(Number.isFinite) ?? true));
}

/**
 * Says which scalar of step `step`, the one at `index` in the last block, was not finite or exploded, and which parameters and states were
 * not finite before it, or first after it.
 */
export async function divergence(
  trainer: Trainer,
  replica: number,
  index: number,
  block: readonly StepScalars[],
  step: number,
): Promise<string> {
  const scalars = Object.entries(block[index] ?? {}).map(([name, all]) => [name, all[replica] ?? NaN] as const);
  const odd = scalars.filter(([name, value]) => name !== "error" && (!Number.isFinite(value) || name === "loss"));
  const said = odd.map(
    ([name, value]) => `${name} is ${Number.isFinite(value) ? value.toPrecision(3) : String(value)}`,
  );
  const where = await stateAt(trainer, replica, index, block.length);
  return `step ${step}: ${said.join(", ")}; ${where}`;
}

async function stateAt(trainer: Trainer, replica: number, index: number, taken: number): Promise<string> {
  if (trainer.canReplay) {
    const before = notFinite(await trainer.snapshotAfter(index, replica));
    if (before.length > 0) return `not finite before it: ${listed(before)}`;
  }
  if (!trainer.canReplay && index + 1 !== taken) return "weights are no longer at hand";
  const after = notFinite(await trainer.snapshotAfter(index + 1, replica));
  return after.length > 0
    ? `first not finite after it: ${listed(after)}`
    : "all parameters and states are finite still";
}

const listed = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
