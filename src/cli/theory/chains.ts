/** `afferent theory chains`: random backpropagation in small linear networks, predicted and simulated. */
import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { stream } from "../../random/stream.ts";
import type { Course } from "../../report/chain-figure.ts";
import {
  type ChannelKind,
  channelKinds,
  dataKinds,
  drawData,
  drawNetwork,
  leastExcessError,
  type LinearNetwork,
  type NetworkRun,
  powerRuns,
  productOf,
  simulateNetwork,
  unpacked,
} from "../../theory/random-backpropagation/index.ts";
import { alignColumns, short } from "../columns.ts";
import { command, noWords, type OptionValues, textOption } from "../command.ts";
import { type ExitCode, reading, UsageError } from "../exit.ts";
import { printJson } from "../json.ts";
import type { Surroundings } from "../surroundings.ts";
import { powerCourses, powerJson, powerText } from "./power.ts";
import { forceOption, writeNew } from "../overwrite.ts";
import { oneOf } from "../words.ts";

/** The command, to be put under `theory`. */
export function chainsCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  return command(
    {
      name: "chains",
      words: "",
      summary: "random backpropagation in linear networks as differential equations: limits, invariants, simulation",
      details: [
        "A[N0,...,NL] of linear units learns in expectation: dA_l/dt = C_l E (A_(l-1) ... A_1)', E = S_TI - P S_II, P = A_L ... A_1. The\n" +
          "channel C_l is fixed and random (random: C_l = B_l C_(l+1); skipped: drawn by itself), or the transposed weights (gradient). Limits are\n" +
          "predicted from the start for chains of single units, A[1,N,1], A[N,1,N] with --data identity, and A[N0,N1,N2].",
        "--power mu gives A[1,1,1] a hidden unit S^mu and shows learning with and without its derivative.",
      ],
      examples: [
        ["theory chains --architecture 1,1,1", "two weights; the limit is the root of a cubic"],
        ["theory chains --architecture 4,1,4 --data identity --svg autoencoder.svg", "an autoencoder, drawn"],
        ["theory chains --architecture 3,2,4", "a network that stops short of the least error"],
        ["theory chains --power 2", "why the derivative is needed"],
      ],
      json:
        "architecture, channel, seed, data {kind, targetInput, inputs}, start [matrix], fixed [matrix], outcome, endTime, speed, end\n" +
        "[matrix], limits [{quantity, source, predicted, simulated, difference}], invariants [{text, size, drift}], excess, leastExcess,\n" +
        "gradient {outcome, excess} or null, svg or null; with --power: power, channel, start, moments, runs [{derivative, outcome,\n" +
        "endTime, times, a1, a2, drift, limit}], svg. Matrices are lists of rows",
    },
    at,
    end,
    (words, options) => chains(at, words, options),
  )
    .option("--architecture <sizes>", "sizes of the layers with commas between", "1,1,1")
    .option("--channel <kind>", `how the error reaches hidden layers: ${channelKinds.join(", ")}`, "random")
    .option("--data <kind>", "random moments, or identity: white inputs that are their own targets", "random")
    .option("--seed <n>", "seed of data, channel and first weights", "0")
    .option("--scale <number>", "standard deviation of the first weights", "0.5")
    .option("--time <number>", "how much of the course is drawn and checked step by step", "20")
    .option("--power <mu>", "a hidden unit S^mu in A[1,1,1], positive data and weights")
    .option("--svg <file>", "draw the course")
    .option(...forceOption);
}

async function chains(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  noWords(words);
  const seed = seedFrom(textOption(options, "seed") ?? "0");
  const time = positive("--time", textOption(options, "time") ?? "20");
  const svg = textOption(options, "svg");
  const power = textOption(options, "power");
  if (power !== undefined) {
    const runs = powerRuns(positive("--power", power), seed, time);
    if (svg !== undefined) {
      const title = `A[1,1,1] with a hidden unit S^${power}`;
      await draw(svg, title, "weight", runs.runs[0]?.run.trajectory.times ?? [], powerCourses(runs), options);
    }
    if (options["json"] === true) printJson(at, { ...powerJson(runs), svg: svg ?? null });
    else at.stdout.write(powerText(runs) + (svg === undefined ? "" : `\ndrawn to ${svg}\n`));
    return undefined;
  }
  const sizes = sizesFrom(textOption(options, "architecture") ?? "1,1,1");
  const channel = oneOf("--channel", channelKinds, textOption(options, "channel") ?? "random");
  const kind = oneOf("--data", dataKinds, textOption(options, "data") ?? "random");
  const deviation = positive("--scale", textOption(options, "scale") ?? "0.5");
  const data = await reading(() => drawData(sizes, kind, stream(seed, "chain data")));
  const drawn = (of: ChannelKind): LinearNetwork =>
    drawNetwork({ sizes, channel: of, data, deviation }, stream(seed, "chain weights"));
  const network = drawn(channel);
  const run = simulateNetwork(network, { time });
  const gradient = channel === "gradient" ? undefined : simulateNetwork(drawn("gradient"), { time });
  if (svg !== undefined) {
    const title = `A[${sizes.join(",")}], ${channelText(channel)}`;
    await draw(svg, title, "weight or product", run.trajectory.times, coursesOf(network, run), options);
  }
  const leastExcess = leastExcessError(network);
  if (options["json"] === true) {
    printJson(at, {
      architecture: sizes,
      channel,
      seed,
      data: { kind, targetInput: data.targetInput.toRows(), inputs: data.inputs.toRows() },
      start: network.start.map((matrix) => matrix.toRows()),
      fixed: network.fixed.map((matrix) => matrix.toRows()),
      outcome: run.outcome,
      endTime: run.endTime,
      speed: run.speed,
      end: unpacked(sizes, run.end).map((matrix) => matrix.toRows()),
      limits: run.limits.map(({ predicted, simulated, ...rest }) => ({
        ...rest,
        predicted: predicted.toRows(),
        simulated: simulated.toRows(),
      })),
      invariants: run.invariants,
      excess: run.excess,
      leastExcess,
      gradient: gradient === undefined ? null : { outcome: gradient.outcome, excess: gradient.excess },
      svg: svg ?? null,
    });
    return undefined;
  }
  at.stdout.write(networkText(network, run, { kind, seed, leastExcess, gradient }));
  if (svg !== undefined) at.stdout.write(`\ndrawn to ${svg}\n`);
  return undefined;
}

function seedFrom(text: string): number {
  const seed = Number(text);
  if (/^\d{1,15}$/.test(text)) return seed;
  throw new UsageError(`--seed: expected a whole number of at least 0, got "${text}"`);
}

function positive(where: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value <= 1000) return value;
  throw new UsageError(`${where}: expected a number above 0, at most 1000, got "${text}"`);
}

const MOST_WEIGHTS = 200;

function sizesFrom(text: string): number[] {
  const sizes = text.split(",").map((part) => (/^\d{1,3}$/.test(part.trim()) ? Number(part) : 0));
  if (sizes.length < 3 || sizes.includes(0))
    throw new UsageError(
      `--architecture: expected at least three sizes of at least 1 with commas between, such as 3,2,4, got "${text}"`,
    );
  const weights = sizes.slice(1).reduce((sum, size, l) => sum + size * (sizes[l] ?? 0), 0);
  if (weights > MOST_WEIGHTS)
    throw new UsageError(
      `--architecture: expected at most ${MOST_WEIGHTS} weights, got ${weights}; make layers smaller`,
    );
  return sizes;
}

async function draw(
  file: string,
  title: string,
  valueLabel: string,
  times: readonly number[],
  courses: readonly Course[],
  options: OptionValues,
): Promise<void> {
  const [{ chainFigure }, { figureDocument }, { standaloneSvg }] = await Promise.all([
    import("../../report/chain-figure.ts"),
    import("../../report/figure.node.ts"),
    import("../../report/figure.ts"),
  ]);
  const caption = "Lines: the equations, integrated. Dashed levels: limits predicted from the start.";
  const figure = chainFigure({ title, caption, times, courses, valueLabel, document: figureDocument() });
  await writeNew("--svg", file, options, (path) => writeFile(path, standaloneSvg(figure)));
}

/** Courses of the weights and, last, of P where it is one number. Limits where one number is predicted. */
function coursesOf(network: LinearNetwork, run: NetworkRun): Course[] {
  const { sizes } = network;
  const single = sizes[0] === 1 && sizes.at(-1) === 1;
  const states = run.trajectory.states.map((state) => unpacked(sizes, state));
  const limitOf = (name: string): number | undefined =>
    run.limits.find(({ quantity }) => quantity === name)?.predicted.at(0, 0);
  const autoencoder = (layer: number, entry: number): number | undefined =>
    run.limits.find(({ quantity }) => quantity.startsWith(`A${layer + 1} ->`))?.predicted.values[entry];
  const weights = network.start.flatMap(({ values, columns }, l) =>
    [...values].map((_, entry) => {
      const unit = sizes[l] === 1 && sizes[l + 1] === 1;
      const name = unit ? `a${l + 1}` : `A${l + 1}[${Math.floor(entry / columns) + 1},${(entry % columns) + 1}]`;
      const limit = entry === 0 && l === 0 && single ? limitOf("a1") : autoencoder(l, entry);
      return { name, values: states.map((state) => state[l]?.values[entry] ?? NaN), limit };
    }),
  );
  const product = { name: "P", values: states.map((state) => productOf(state).at(0, 0)), limit: limitOf("P") };
  return single ? [...weights, product] : weights;
}

function channelText(channel: ChannelKind): string {
  return channel === "gradient" ? "gradient descent" : `${channel} backpropagation`;
}

interface Told {
  readonly kind: string;
  readonly seed: number;
  readonly leastExcess: number;
  readonly gradient: NetworkRun | undefined;
}

function networkText({ sizes, channel }: LinearNetwork, run: NetworkRun, told: Told): string {
  const ended = { rests: "rests", moves: "still moves", "breaks off": "breaks off" }[run.outcome];
  const limits =
    run.limits.length === 0
      ? "No limit is known in advance for this network.\n"
      : alignColumns(
          [
            ["limit of", "predicted", "simulated", "difference", "from"],
            ...run.limits.map(({ quantity, predicted, simulated, difference, source }) => [
              quantity,
              predicted.values.length === 1 ? predicted.at(0, 0).toPrecision(8) : sizeText(predicted),
              simulated.values.length === 1 ? simulated.at(0, 0).toPrecision(8) : sizeText(simulated),
              short(difference),
              source,
            ]),
          ],
          [1, 2, 3],
        );
  const invariants =
    run.invariants.length === 0
      ? "Nothing is known to be conserved.\n"
      : alignColumns(
          [
            ["conserved", "size at start", "largest change"],
            ...run.invariants.map(({ text, size, drift }) => [text, short(size), short(drift)]),
          ],
          [1, 2],
        );
  const excess = alignColumns(
    [
      ["squared error beyond that of the best linear map", ""],
      [`  ${channelText(channel)}`, short(run.excess)],
      ...(told.gradient === undefined
        ? []
        : [[`  gradient descent from the same start (${told.gradient.outcome})`, short(told.gradient.excess)]]),
      [`  least possible with ${Math.min(...sizes)} in the narrowest layer`, short(told.leastExcess)],
    ],
    [1],
  );
  return [
    `A[${sizes.join(",")}] of linear units, ${channelText(channel)}, ${told.kind} data, seed ${told.seed}: ${ended} at time ${short(run.endTime)}, where the\n` +
      `largest |dw/dt| is ${short(run.speed)}.\n\n`,
    limits,
    "\n",
    invariants,
    "\n",
    excess,
  ].join("");
}

function sizeText({ rows, columns }: { readonly rows: number; readonly columns: number }): string {
  return `${rows} x ${columns}`;
}
