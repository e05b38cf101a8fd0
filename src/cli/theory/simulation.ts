/** `afferent theory --simulate`: one simulation of a rule, drawn over the expected course. */
import { writeFile } from "node:fs/promises";
import { stream } from "../../random/stream.ts";
import {
  type Data,
  type Dynamics,
  type Polynomial,
  polynomialText,
  simulate,
  type Simulation,
  type Unit,
} from "../../theory/index.ts";
import { type OptionValues, textOption } from "../command.ts";
import { reading, UsageError } from "../exit.ts";
import { writeNew } from "../overwrite.ts";
import { countFrom } from "../words.ts";

/** A simulation with what was expected of it, drawn. */
export interface ShownSimulation extends Simulation {
  readonly eta: number;
  /** Expected weights after the last step that was made and predicted. */
  readonly expected: Float64Array;
  readonly svg: string;
}

interface SimulationPlan {
  readonly data: Data;
  readonly unit: Unit;
  readonly eta: number;
  readonly dynamics: Dynamics;
  readonly options: OptionValues;
}

/** Simulates a rule, and draws the weights over what is expected of them. */
export async function simulated(
  rule: Polynomial,
  { data, unit, eta, dynamics, options }: SimulationPlan,
): Promise<ShownSimulation> {
  const seed = Number(textOption(options, "seed") ?? "0");
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new UsageError(`--seed: expected a whole number of at least 0, got "${textOption(options, "seed") ?? ""}"`);
  const steps = countFrom("--steps", textOption(options, "steps") ?? "2000");
  const start = startFrom(textOption(options, "start"), data.inputs, seed);
  const run = await reading(() => simulate(rule, { data, unit, eta, steps, start, random: stream(seed, "simulate") }));
  const predicted = dynamics.flow.at(
    start,
    run.steps.map((step) => step * eta),
  );
  const svg = textOption(options, "svg") ?? "theory.svg";
  const [{ weightsFigure }, { figureDocument }, { standaloneSvg }] = await Promise.all([
    import("../../report/weights-figure.ts"),
    import("../../report/figure.node.ts"),
    import("../../report/figure.ts"),
  ]);
  const figure = weightsFigure({
    title: `Weights under ${polynomialText(rule)}`,
    timeLabel: "time (steps times eta)",
    expected: predicted,
    simulated: { times: run.steps.map((step) => step * eta), states: run.weights },
    caption: "Lines: expected change, integrated. Dots: one simulation, sample by sample.",
    document: figureDocument(),
  });
  await writeNew("--svg", svg, options, (path) => writeFile(path, standaloneSvg(figure)));
  return { ...run, eta, expected: predicted.states.at(-1) ?? Float64Array.from(start), svg };
}

function startFrom(text: string | undefined, inputs: number, seed: number): Float64Array {
  if (text === undefined) {
    const random = stream(seed, "start");
    return Float64Array.from({ length: inputs }, () => (0.3 * random.normal()) / Math.sqrt(inputs));
  }
  const values = text.split(",").map(Number);
  if (values.length !== inputs || values.some((value) => !Number.isFinite(value)))
    throw new UsageError(`--start: expected ${inputs} numbers with commas between, got "${text}"`);
  return Float64Array.from(values);
}
