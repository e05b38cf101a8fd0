/** A[1,1,1] with a hidden unit S^mu on drawn data, run to rest with and without the derivative of its activation. */
import { stream } from "../../random/stream.ts";
import {
  powerFlow,
  powerInvariant,
  powerLimit,
  type PowerMoments,
  powerMoments,
  type PowerUnit,
} from "./power-unit.ts";
import { type RestedRun, runToRest } from "./simulate.ts";

/** Inputs of the data, the random channel, and the first weights of both runs. */
export const powerSetting = { samples: 20, channel: 0.7, start: [0.5, 0.4] } as const;

/** One form of learning. */
export interface PowerRun {
  readonly unit: PowerUnit;
  readonly run: RestedRun;
  /** Where it must come to rest; undefined where nothing is known. */
  readonly limit: number | undefined;
  /** Largest change of what must stay as it is, along the course. */
  readonly drift: number;
}

/** Both forms at one power. */
export interface PowerRuns {
  readonly power: number;
  readonly seed: number;
  readonly moments: PowerMoments;
  /** With the derivative, then without. */
  readonly runs: readonly PowerRun[];
}

/** Draws twenty inputs uniform on [0.5, 1.5] with targets of their own, uniform on [0.5, 1.5], and runs both forms for `time`, then to rest. */
export function powerRuns(power: number, seed: number, time: number): PowerRuns {
  const { samples, channel, start } = powerSetting;
  const random = stream(seed, "power data");
  const drawn = (): number[] => Array.from({ length: samples }, () => 0.5 + random.uniform());
  const moments = powerMoments(drawn(), drawn(), power);
  const runs = [true, false].map((derivative): PowerRun => {
    const unit: PowerUnit = { power, channel, derivative, moments, start };
    const run = runToRest(powerFlow(unit), start, { time });
    return { unit, run, limit: powerLimit(unit), drift: driftOf(unit, run) };
  });
  return { power, seed, moments, runs };
}

function driftOf(unit: PowerUnit, run: RestedRun): number {
  const first = powerInvariant(unit, unit.start);
  return Math.max(...run.trajectory.states.map((state) => Math.abs(powerInvariant(unit, state) - first)));
}
