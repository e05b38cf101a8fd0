/** `afferent theory chains --power mu`: A[1,1,1] with a hidden unit S^mu, with and without its derivative. */
import type { Course } from "../../report/chain-figure.ts";
import { type PowerRuns, powerSetting } from "../../theory/random-backpropagation/index.ts";
import { alignColumns, short } from "../columns.ts";

/** The document of `--json`. */
export function powerJson({ power, seed, moments, runs }: PowerRuns): object {
  return {
    power,
    seed,
    channel: powerSetting.channel,
    start: powerSetting.start,
    moments,
    runs: runs.map((each) => ({
      derivative: each.unit.derivative,
      outcome: each.run.outcome,
      endTime: each.run.endTime,
      times: each.run.trajectory.times,
      a1: each.run.trajectory.states.map((state) => state[0]),
      a2: each.run.trajectory.states.map((state) => state[1]),
      drift: each.drift,
      limit: each.limit ?? null,
    })),
  };
}

/** Courses of both weights in both forms. */
export function powerCourses({ runs }: PowerRuns): Course[] {
  const times = Math.max(...runs.map(({ run }) => run.trajectory.times.length));
  return runs.flatMap(({ unit, run, limit }) =>
    ([0, 1] as const).map((index) => ({
      name: `a${index + 1} ${unit.derivative ? "with" : "without"} f'`,
      // A course that breaks off has no values after that.
      values: Array.from({ length: times }, (_, i) => run.trajectory.states[i]?.[index] ?? NaN),
      limit: index === 0 ? limit : undefined,
    })),
  );
}

/** The text of the command. */
export function powerText(given: PowerRuns): string {
  const { power, seed, moments, runs } = given;
  const { alpha, beta, gamma, delta } = moments;
  const whole = runs.map(({ run }) => run.trajectory);
  const last = Math.max(...whole.map(({ times }) => times.length)) - 1;
  const marks = [0, 0.25, 0.5, 1].map((part) => Math.round(part * last));
  return [
    `A[1,1,1], hidden unit S^${power}, channel c1 = ${powerSetting.channel}, start a1 = ${powerSetting.start[0]}, a2 = ${powerSetting.start[1]}; ${powerSetting.samples} samples, seed ${seed}.\n` +
      `Least error where a2 a1^${power} = alpha/beta = ${short(alpha / beta)}. Without f' a1 rests only where it is gamma/delta = ${short(gamma / delta)}.\n\n`,
    alignColumns(
      [
        [
          "",
          ...marks.map((i) => `a1 at ${short(whole[0]?.times[i] ?? NaN)}`),
          "a1 at the end",
          "predicted",
          "outcome",
          "a2 - a1^2/(2 c1 mu)",
        ],
        ...runs.map((each) => [
          each.unit.derivative ? "with f'" : "without f'",
          ...marks.map((i) => short(each.run.trajectory.states[i]?.[0] ?? NaN)),
          each.run.outcome === "breaks off" ? "-" : (each.run.end[0]?.toPrecision(8) ?? "-"),
          each.limit?.toPrecision(8) ?? "-",
          `${each.run.outcome} at ${short(each.run.endTime)}`,
          `changes by ${short(each.drift)}`,
        ]),
      ],
      [1, 2, 3, 4, 5, 6],
    ),
  ].join("");
}
