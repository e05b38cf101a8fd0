/** What a plan will take: groups, time, memory and disk, without computing any of it. */
import { parameterCount } from "../../networks/index.ts";
import { topological } from "../../graph/index.ts";
import { sizeOf } from "../../graph/index.ts";
import type { PlannedRun } from "../spec/study.ts";
import { lengthOf } from "./build.ts";
import { groupRuns, type RunGroup, sizeOfGroup } from "./groups.ts";
import type { PlannedModels } from "./planned-model.ts";
import { groupSeconds, lastEnds, type Speed } from "./speed.ts";

/** What a plan will take. */
export interface PlanEstimate {
  readonly groups: number;
  readonly workers: number;
  /** Wall time; early stops make it shorter. */
  readonly seconds: number;
  /** Most memory of the process at one time, in bytes. */
  readonly memory: number;
  /** Rows, curves and trained values, in bytes. */
  readonly disk: number;
  /** By rule, longest first. */
  readonly rules: readonly {
    readonly rule: string;
    readonly runs: number;
    readonly groups: number;
    readonly seconds: number;
  }[];
}

/** What the process takes before anything is trained: Node, DuckDB, ONNX Runtime. */
const emptyProcess = 220e6;
/** What a worker takes before anything is trained. */
const emptyWorker = 70e6;
/** Bytes of a file of rows with one certificate, and of each further row. */
const [rowsFile, eachRow] = [14e3, 400];
/** Bytes of a file of curves, and of each further point. */
const [curvesFile, eachPoint] = [1200, 9];
/** Bytes of a file of trained values without them. */
const weightsFile = 1200;

/** The estimate for the runs that are not stored yet. Throws what building a model throws. */
export function estimatePlan(
  missing: readonly PlannedRun[],
  {
    models,
    workers: most,
    speed,
    weights = true,
  }: {
    readonly models: PlannedModels;
    readonly workers: number;
    readonly speed: Speed;
    /** Whether trained values are kept. */
    readonly weights?: boolean | undefined;
  },
): PlanEstimate {
  const groups = groupRuns(missing, most, models, speed);
  const workers = Math.min(most, groups.length);
  const times = groups.map((group) => groupSeconds(sizeOfGroup(group, models), speed));
  const largest = groups.map((group) => memoryOf(group, models)).sort((a, b) => b - a);
  const held = largest.slice(0, workers).reduce((sum, bytes) => sum + bytes, 0);
  const rules = new Map<string, { runs: number; groups: number; seconds: number }>();
  groups.forEach(({ runs }, i) => {
    const rule = runs[0]?.spec.rule.id ?? "";
    const old = rules.get(rule) ?? { runs: 0, groups: 0, seconds: 0 };
    rules.set(rule, { runs: old.runs + runs.length, groups: old.groups + 1, seconds: old.seconds + (times[i] ?? 0) });
  });
  return {
    groups: groups.length,
    workers,
    seconds: groups.length === 0 ? 0 : speed.workers + lastEnds(times, workers),
    memory: emptyProcess + workers * emptyWorker + held,
    disk: groups.reduce((sum, group) => sum + diskOf(group, models) + (weights ? weightsOf(group, models) : 0), 0),
    rules: [...rules].map(([rule, each]) => ({ rule, ...each })).sort((a, b) => b.seconds - a.seconds),
  };
}

/** Parameters with update and moments, what one step writes, and the strings. */
function memoryOf({ runs }: RunGroup, models: PlannedModels): number {
  const [first] = runs;
  if (first === undefined) return 0;
  const planned = models.of(first.spec);
  const { train, validation, test } = first.spec.data;
  const written = topological(Object.values(planned.step.outputs)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const strings = (train + validation + test) * (lengthOf(first.spec) + 1);
  return 4 * runs.length * (4 * parameterCount(planned.model.network) + written + strings);
}

function diskOf({ runs }: RunGroup, models: PlannedModels): number {
  const points = runs.reduce((sum, { spec }) => {
    const metrics = 2 + models.of(spec).step.objectives.length;
    return sum + metrics * Math.ceil(spec.train.steps / spec.train.curveEvery);
  }, 0);
  return rowsFile + eachRow * runs.length + curvesFile + eachPoint * points;
}

function weightsOf({ runs }: RunGroup, models: PlannedModels): number {
  return runs.reduce((sum, { spec }) => {
    const { model, step } = models.of(spec);
    const kept = step.variables.reduce((numbers, { shape }) => numbers + sizeOf(shape), 0);
    return sum + weightsFile + 4 * (parameterCount(model.network) + kept);
  }, 0);
}
