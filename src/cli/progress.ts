/**
 * Progress of a study on stderr: on a terminal one block that is rewritten in place, in a pipe or a log a line every few
 * seconds, without control codes.
 */
import type { ExecutionProgress } from "../study/run/execute.ts";
import { duration, plural, short, shorten } from "./columns.ts";
import type { Output } from "./surroundings.ts";

/** Milliseconds between two renewals: of the block, and of the lines. */
const blockEvery = 100;
const lineEvery = 5000;
/** Groups of runs listed in the block. */
const mostListed = 8;

/** Shows progress until `end`. `now` is a clock in milliseconds. */
export class ProgressDisplay {
  private drawn = 0;
  private last = -Infinity;

  constructor(
    private readonly output: Output,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Shows the latest state, unless the one before was shown a moment ago. */
  update(progress: ExecutionProgress): void {
    const now = this.now();
    if (now - this.last < (this.output.isTTY ? blockEvery : lineEvery)) return;
    this.last = now;
    if (this.output.isTTY) this.draw(blockOf(progress, (this.output.columns ?? 80) - 1));
    else this.output.write(`${lineOf(progress)}\n`);
  }

  /** Clears the block, so that what follows takes its place. Lines stay. */
  end(): void {
    if (this.output.isTTY) this.draw([]);
  }

  private draw(lines: readonly string[]): void {
    // Up to the first line of the block, clear from there to the end of the screen.
    const back = this.drawn > 0 ? `\u001B[${this.drawn}A\r\u001B[0J` : "";
    this.output.write(back + lines.map((line) => `${line}\n`).join(""));
    this.drawn = lines.length;
  }
}

/** One line: `12 of 48 runs, 8 in flight, 1240 steps/s, 1 min 20 s left; backprop 1200/3000 loss 0.12`. */
export function lineOf(progress: ExecutionProgress): string {
  const flights = flightsOf(progress).map(({ rule, step, steps, loss }) => `${rule} ${step}/${steps} loss ${loss}`);
  return [headOf(progress), ...flights.slice(0, 3)].join("; ");
}

function blockOf(progress: ExecutionProgress, width: number): string[] {
  const { done, reused, total, latest } = progress;
  const cells = Math.min(40, width);
  const partly = latest.reduce((sum, { step, steps }) => sum + step / steps, 0);
  const filled = total > 0 ? Math.min(cells, Math.floor((cells * (done + reused + partly)) / total)) : cells;
  const flights = flightsOf(progress);
  const longest = Math.max(0, ...flights.map(({ rule }) => rule.length));
  return [
    headOf(progress),
    "█".repeat(filled) + "░".repeat(cells - filled),
    ...flights
      .slice(0, mostListed)
      .map(
        ({ rule, step, steps, runs, loss }) =>
          `  ${rule.padEnd(longest)}  ${String(step).padStart(String(steps).length)}/${steps}  loss ${loss}  (${plural(runs, "run")})`,
      ),
    ...(flights.length > mostListed ? [`  and ${flights.length - mostListed} more`] : []),
  ].map((line) => shorten(line, width));
}

function headOf({ done, reused, total, running, stepsPerSecond, secondsLeft }: ExecutionProgress): string {
  const parts = [`${done + reused} of ${plural(total, "run")}`, `${running} in flight`];
  if (stepsPerSecond > 0) parts.push(`${Math.round(stepsPerSecond)} steps/s`);
  if (Number.isFinite(secondsLeft)) parts.push(`${duration(secondsLeft)} left`);
  return parts.join(", ");
}

interface Flight {
  readonly rule: string;
  readonly step: number;
  readonly steps: number;
  readonly runs: number;
  /** One loss, or lowest to highest of those that have not diverged. */
  readonly loss: string;
}

/** Runs in flight that advance together, as one. */
function flightsOf({ latest }: ExecutionProgress): Flight[] {
  const groups = new Map<string, { rule: string; step: number; steps: number; losses: number[] }>();
  for (const { rule, step, steps, loss } of latest) {
    const key = `${rule} ${step} ${steps}`;
    const group = groups.get(key) ?? { rule, step, steps, losses: [] };
    group.losses.push(loss);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ losses, ...group }) => {
    const finite = losses.filter((loss) => Number.isFinite(loss));
    const [low, high] = [Math.min(...finite), Math.max(...finite)].map(threeDigits);
    return {
      ...group,
      runs: losses.length,
      loss: finite.length === 0 ? "-" : low === high ? `${low}` : `${low} to ${high}`,
    };
  });
}

function threeDigits(loss: number): string {
  return loss < 1e-3 ? short(loss) : String(Number(loss.toPrecision(3)));
}
