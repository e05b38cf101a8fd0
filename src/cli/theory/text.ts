/** What `afferent theory` prints of a rule. */
import { stream } from "../../random/stream.ts";
import {
  type Averaging,
  classOf,
  type Complex,
  type Data,
  type Dynamics,
  expectedText,
  LimitError,
  type Polynomial,
  polynomialLatex,
  polynomialText,
  propertiesOf,
  recognise,
  recoded,
  recurrenceOutcome,
  symmetryFindings,
  symmetryMeanings,
  type Unit,
} from "../../theory/index.ts";
import { alignColumns, short } from "../columns.ts";
import type { ShownSimulation } from "./simulation.ts";

/** Everything found out about a rule. */
export interface Findings {
  readonly rule: Polynomial;
  /** Undefined while constants have no value. */
  readonly dynamics: Dynamics | undefined;
  readonly data: Data;
  readonly dataText: string;
  readonly example: boolean;
  readonly unit: Unit;
  readonly averaging: Averaging;
  readonly eta: number;
  readonly unset: readonly string[];
  readonly simulation: ShownSimulation | undefined;
}

/** The findings as one JSON document. */
export function ruleJson({ rule, dynamics, data, example, unit, averaging, eta, simulation }: Findings): unknown {
  const found = recognise(rule);
  const linear = dynamics?.linear;
  return {
    rule: { text: polynomialText(rule), latex: polynomialLatex(rule), ...propertiesOf(rule), class: classOf(rule) },
    known:
      found === undefined ? null : { name: found.known.name, source: found.known.source, constants: found.constants },
    symmetries: findingsOf(rule).map(({ holds, ...rest }) => ({ ...rest, holds: holds ?? null })),
    recoded: recodedText(rule) ?? null,
    expected: expectedText(rule),
    data: { kind: data.kind, inputs: data.inputs, example },
    dynamics:
      dynamics === undefined
        ? null
        : {
            unit,
            averaging,
            solution: dynamics.flow.kind,
            linear:
              linear === undefined
                ? null
                : {
                    a: linear.a.toRows(),
                    b: [...linear.b],
                    eigenvalues: linear.eigenvalues,
                    flow: linear.flow,
                    largestRate: linear.largestRate,
                    atEta: { eta, outcome: recurrenceOutcome(linear, eta) },
                  },
            fixedPoints: dynamics.fixedPoints.map(({ w, stability, eigenvalues }) => ({
              w: [...w],
              stability,
              eigenvalues,
            })),
            fates: dynamics.fates,
          },
    simulation:
      simulation === undefined
        ? null
        : {
            eta: simulation.eta,
            steps: simulation.steps.at(-1) ?? 0,
            diverged: simulation.diverged,
            final: [...(simulation.weights.at(-1) ?? [])],
            expected: [...simulation.expected],
            svg: simulation.svg,
          },
  };
}

/** The findings as text. */
export function ruleText(findings: Findings): string {
  const { rule, dynamics, unset } = findings;
  const found = recognise(rule);
  const constants = Object.entries(found?.constants ?? {}).map(([name, value]) => `${name} = ${value}`);
  const known =
    found === undefined
      ? "none known"
      : `${found.known.name}${constants.length > 0 ? ` with ${constants.join(", ")}` : ""}; ${found.known.source}`;
  const head = alignColumns([
    ["rule", `dw = ${polynomialText(rule)}`],
    ["name", known],
    ["class", classOf(rule)],
  ]);
  const rest =
    dynamics === undefined
      ? `dynamics need values: ${unset.map((name) => `${name}=NUMBER`).join(" ")}\n`
      : dynamicsText(findings, dynamics);
  return [head, symmetryText(rule), expectationText(findings), rest, ...simulationText(findings)].join("\n");
}

function findingsOf(rule: Polynomial) {
  return symmetryFindings(rule, stream(0, "symmetry"));
}

function symmetryText(rule: Polynomial): string {
  const rows = findingsOf(rule).map(({ symmetry, holds, violation }) => [
    `  ${symmetry}`,
    holds === undefined ? "not decided" : holds ? "yes" : "no",
    violation < 1e-9 ? "0" : short(violation),
    symmetryMeanings[symmetry],
  ]);
  const code = recodedText(rule);
  const recodedLine =
    code === undefined || code === polynomialText(rule)
      ? ""
      : `  on T, O, I in {0, 1} the rule for {-1, 1} reads ${code}\n`;
  return `symmetries: decided from the exponents; largest relative violation under random transformations\n${alignColumns(rows)}${recodedLine}`;
}

function recodedText(rule: Polynomial): string | undefined {
  try {
    const text = polynomialText(recoded(rule));
    return text.length > 200 ? undefined : text;
  } catch (cause) {
    if (cause instanceof LimitError) return undefined;
    throw cause;
  }
}

function expectationText({ rule, unit, dataText }: Findings): string {
  const rows = [
    ["  linear unit", `dw/dt = ${expectedText(rule)}`],
    ["", "M = E[x x'], mu = E[x], v = E[T x]; o multiplies entry by entry"],
    ["  data", dataText],
  ];
  if (unit !== "linear") rows.splice(2, 0, ["  unit", `${unit}, not linear: what follows is for it`]);
  return `expected change\n${alignColumns(rows)}`;
}

function dynamicsText({ eta, unit, averaging, data }: Findings, dynamics: Dynamics): string {
  const { linear, flow, fixedPoints, fates } = dynamics;
  const rows: string[][] = [["  solved by", flow.kind]];
  if (unit !== "linear") rows.push(["  averages", averageText(unit, averaging, data)]);
  if (linear !== undefined) {
    rows.push(
      ["  form", "dw/dt = A w + b"],
      ["  A", matrixText(linear.a.toRows())],
      ["  b", vectorText(linear.b)],
      ["  eigenvalues of A", linear.eigenvalues.map(complexText).join(", ")],
      ["  flow", linear.flow],
      [
        "  recurrence",
        `at eta = ${short(eta)} ${recurrenceOutcome(linear, eta)}; ` +
          (linear.largestRate === 0
            ? "converges for no step size"
            : linear.largestRate === Infinity
              ? "nothing moves"
              : `converges for eta below ${short(linear.largestRate)}`),
      ],
    );
  }
  const undecided = fates.starts - fates.settled - fates.escaped;
  rows.push([
    "  from random starts",
    `${fates.settled} of ${fates.starts} settle, ${fates.escaped} escape or keep growing${undecided > 0 ? `, ${undecided} neither in the time given` : ""}`,
  ]);
  const most = 12;
  const listed = fixedPoints
    .slice(0, most)
    .map(({ w, stability, eigenvalues }) => [
      `  ${vectorText(w)}`,
      stability,
      eigenvalues.length === 0 ? "no derivative there" : `eigenvalues ${eigenvalues.map(complexText).join(", ")}`,
    ]);
  const origin = linear === undefined ? " (found by Newton's method from many starts; others may exist)" : "";
  const points = dynamics.zero
    ? "fixed points: all weights, the expected change is 0\n"
    : fixedPoints.length === 0
      ? "fixed points: none found\n"
      : `fixed points${origin}\n${alignColumns(listed)}${fixedPoints.length > most ? `  and ${fixedPoints.length - most} more\n` : ""}`;
  return `dynamics\n${alignColumns(rows)}\n${points}`;
}

function averageText(unit: Unit, averaging: Averaging, data: Data): string {
  if (averaging === "mean-drive")
    return "approximation: every activity is f(E[S]), that of the mean drive (dropout-style)";
  if (data.kind === "samples") return `over the samples, exactly, O = f(w.x) with a ${unit} unit`;
  return "approximation: inputs and target taken as jointly normal, then exact (Stein; one integral over the drive)";
}

function simulationText({ simulation }: Findings): string[] {
  if (simulation === undefined) return [];
  const { steps, eta, weights, expected, diverged, svg } = simulation;
  return [
    "simulation\n" +
      alignColumns([
        ["  steps", `${steps.at(-1) ?? 0} at eta = ${short(eta)}${diverged ? "; diverged" : ""}`],
        ["  weights", vectorText(weights.at(-1) ?? [])],
        ["  expected", vectorText(expected)],
        ["  drawn to", svg],
      ]),
  ];
}

function vectorText(values: ArrayLike<number>): string {
  const shown = Array.from(values).slice(0, 8);
  return `(${shown.map((value) => short(Math.abs(value) < 1e-12 ? 0 : value)).join(", ")}${values.length > 8 ? ", ..." : ""})`;
}

function matrixText(rows: readonly (readonly number[])[]): string {
  if (rows.length > 6) return `${rows.length} by ${rows.length} (--json prints it)`;
  return `[${rows.map((row) => row.map((value) => short(Math.abs(value) < 1e-12 ? 0 : value)).join(" ")).join("; ")}]`;
}

function complexText({ re, im }: Complex): string {
  const real = short(Math.abs(re) < 1e-9 ? 0 : re);
  return im === 0 ? real : `${real} ${im < 0 ? "-" : "+"} ${short(Math.abs(im))}i`;
}
