/** Runs the differential equations of random backpropagation to their end, and compares with what is predicted and conserved. */
import { integrate, type Trajectory, type VectorField } from "../dynamics/integrate.ts";
import type { Matrix } from "../dynamics/matrix.ts";
import { layerInvariants } from "./invariants.ts";
import { excessError, predictedLimits } from "./limits.ts";
import {
  checkNetwork,
  errorCorrelation,
  type LinearNetwork,
  packed,
  productOf,
  unpacked,
  weightFlow,
} from "./linear-network.ts";

/** Options of the simulations. */
export interface CourseOptions {
  /** The trajectory is kept at equal steps from 0 to this time. */
  readonly time: number;
  /** Number of times kept, both ends included. */
  readonly points?: number;
  /** Error allowed in each step of the integrator; 1e-12 when left out. */
  readonly tolerance?: number;
  /** Weights that still move go on until this time, 1000 when left out. */
  readonly longest?: number;
}

/** A run of an equation until its weights rest. */
export interface RestedRun {
  readonly trajectory: Trajectory;
  /** Weights at the end; where the course breaks off, the last that were kept. */
  readonly end: Float64Array;
  /** How far the integration came. */
  readonly endTime: number;
  /** The largest |dw/dt| at the end. */
  readonly speed: number;
  /** `rests`: the speed is below 1e-11. `moves`: not within the longest time. `breaks off`: a weight passed 1e12, or left where the equation
   * is defined. */
  readonly outcome: "rests" | "moves" | "breaks off";
}

const RESTING = 1e-11;

/** Integrates from time 0 until the weights rest, the course breaks off, or time is over. */
export function runToRest(
  field: VectorField,
  start: ArrayLike<number>,
  { time, points = 201, tolerance = 1e-12, longest = 1000 }: CourseOptions,
): RestedRun {
  const times = Array.from({ length: points }, (_, i) => (time * i) / (points - 1));
  const trajectory = integrate(field, start, times, { tolerance });
  let end = trajectory.states.at(-1) ?? Float64Array.from(start);
  let endTime = trajectory.reached;
  const speed = (): number => Math.max(...Array.from(field(endTime, end), Math.abs));
  let brokeOff = trajectory.outcome !== "finished";
  while (!brokeOff && speed() > RESTING && endTime < longest) {
    const next = integrate(field, end, [endTime, Math.min(2 * endTime, longest)], { tolerance });
    brokeOff = next.outcome !== "finished";
    end = next.states.at(-1) ?? end;
    endTime = next.reached;
  }
  const last = speed();
  const outcome = brokeOff ? "breaks off" : last <= RESTING ? "rests" : "moves";
  return { trajectory, end, endTime, speed: last, outcome };
}

/** How well one conserved matrix was conserved. */
export interface InvariantDrift {
  readonly text: string;
  /** The largest change of an entry over the trajectory and at the end. */
  readonly drift: number;
  /** The largest entry at time 0. */
  readonly size: number;
}

/** A predicted limit beside the end of the simulation. */
export interface CheckedLimit {
  readonly quantity: string;
  readonly source: string;
  readonly predicted: Matrix;
  readonly simulated: Matrix;
  /** The largest difference of an entry. */
  readonly difference: number;
}

/** A linear network run to rest. */
export interface NetworkRun extends RestedRun {
  readonly invariants: readonly InvariantDrift[];
  readonly limits: readonly CheckedLimit[];
  /** The largest entry of E = S_TI - P S_II at the end. */
  readonly error: number;
  /** Mean squared error at the end, beyond that of S_TI S_II^-1. */
  readonly excess: number;
}

/** Runs a linear network. Throws RangeError when its matrices do not fit its sizes. */
export function simulateNetwork(network: LinearNetwork, options: CourseOptions): NetworkRun {
  checkNetwork(network);
  const run = runToRest(weightFlow(network), packed(network.start), options);
  const end = unpacked(network.sizes, run.end);
  const visited = [...run.trajectory.states, run.end].map((state) => unpacked(network.sizes, state));
  const invariants = layerInvariants(network).map(({ text, value }) => {
    const first = value(network.start);
    const drift = Math.max(...visited.map((weights) => value(weights).add(first, -1).largest()));
    return { text, drift, size: first.largest() };
  });
  const limits = predictedLimits(network).map(({ quantity, source, value, of }) => {
    const simulated = of(end);
    return { quantity, source, predicted: value, simulated, difference: simulated.add(value, -1).largest() };
  });
  return {
    ...run,
    invariants,
    limits,
    error: errorCorrelation(network.data, end).largest(),
    excess: excessError(productOf(end), network.data),
  };
}
