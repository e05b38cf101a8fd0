/** `afferent info`: numbers one wants before running anything. */
import type { Command } from "commander";
import type { Cost } from "../graph/index.ts";
import { biasShape, type Network, parameterCount, weightShape } from "../networks/index.ts";
import { PlannedModels } from "../study/run/planned-model.ts";
import { refuseTooLarge } from "../study/run/sizes.ts";
import { type StepCost, stepCost } from "../study/run/step-cost.ts";
import type { RunSpec } from "../study/spec/spec.ts";
import { taskOf } from "../study/run/build.ts";
import { examplesText, taskText, taskTitle } from "../study/run/task-words.ts";
import { taskShapeOf } from "../study/run/user-tasks.ts";
import { chanceError } from "../study/summary/summary.ts";
import { rhmTheory, type RhmTheory } from "../tasks/index.ts";
import { alignColumns, grouped, plural, short } from "./columns.ts";
import { command, type OptionValues } from "./command.ts";
import { type ExitCode, reading } from "./exit.ts";
import { printJson } from "./json.ts";
import { configurable, oneRun } from "./plan.ts";
import type { Surroundings } from "./surroundings.ts";
import { sortWords } from "./words.ts";

export function infoCommand(at: Surroundings, end: (code: ExitCode) => void): Command {
  const built = command(
    {
      name: "info",
      words: "[file] [key=value...]",
      summary: "the task's theory numbers, the network's size, the cost of a step",
      details: [
        "Costs are counted from the graph of one step: a multiply-add is two operations; products are those of matrix products;\n" +
          "bytes are what each operation reads and writes, as if nothing stayed in cache.",
      ],
      examples: [
        ["info task.v=8 task.m=4 task.depth=4", "a task and the default network"],
        ["info rule=direct-feedback-alignment network.width=512", "what a step of a rule costs"],
        ["info task=./data.npz", "what a file of one's own holds"],
      ],
      json:
        "spec, task {positions, strings, latents, chanceError, deepSupervised, twoLayer, unsupervisedThresholds; of other tasks than\n" +
        "rhm title, values, positions, channels, classes, branching, chanceError},\n" +
        "network {parameters, layers [{layer, positions, inFeatures, outFeatures, shared, parameters}], readout {inFeatures,\n" +
        "classes, parameters}}, rule {id, options, claimed, signals, relation}, cost {step, forward, readout, rule: {operations, products,\n" +
        "bytes}}, run {steps, operations}",
    },
    at,
    end,
    (words, options) => info(at, words, options),
  );
  return configurable(built);
}

async function info(at: Surroundings, words: readonly string[], options: OptionValues): Promise<undefined> {
  const { spec } = await oneRun(sortWords(words), options);
  const models = new PlannedModels();
  const { model, theory, costs, signals } = await reading(() => {
    refuseTooLarge(spec);
    // Only to have the options checked.
    taskOf(spec);
    const planned = models.of(spec);
    return {
      model: planned.model,
      theory: spec.task.id === "rhm" ? rhmTheory(spec.task) : undefined,
      costs: stepCost(planned),
      signals: planned.certificate.signals,
    };
  });
  const { rule, options: settled } = model.rule;
  if (options["json"] === true) {
    printJson(at, {
      spec,
      task:
        theory === undefined
          ? { title: taskTitle(spec.task), ...taskShapeOf(spec.task), chanceError: chanceError(spec) }
          : { ...theory, strings: String(theory.strings) },
      network: {
        parameters: parameterCount(model.network),
        layers: model.network.layers.map(({ index, positions, inFeatures, outFeatures, shared }, i) => ({
          layer: index,
          positions,
          inFeatures,
          outFeatures,
          shared,
          parameters: layerParameters(model.network, i),
        })),
        readout: {
          inFeatures: model.network.readout.inFeatures,
          classes: model.network.readout.classes,
          parameters: readoutParameters(model.network),
        },
      },
      rule: { id: rule.id, options: settled, claimed: rule.reads, signals, relation: rule.relation },
      cost: costs,
      run: { steps: spec.train.steps, operations: spec.train.steps * costs.step.operations },
    });
    return undefined;
  }
  at.stdout.write(
    [
      spec.task.id === "rhm" && theory !== undefined ? rhmText(spec.task, spec.data, theory) : taskLines(spec),
      networkText(model.network, spec),
      `rule     ${rule.id}: ${rule.equation}\n         reads, by its graph: ${signals.join(", ") || "nothing"}; relation to the gradient: ${rule.relation}\n`,
      costText(spec, costs),
    ].join("\n"),
  );
  return undefined;
}

/** A task of which no theory is known here. */
function taskLines(spec: RunSpec): string {
  const { task, data } = spec;
  return alignColumns([
    ["task", taskText(task)],
    ["", `${examplesText(task)}; chance error ${short(chanceError(spec))}`],
    ...(spec.taskFile === undefined ? [] : [["", `file ${spec.taskFile}`]]),
    ["data", `train ${data.train}, validation ${data.validation}, test ${data.test}`],
  ]);
}

function rhmText(
  task: Extract<RunSpec["task"], { readonly id: "rhm" }>,
  data: RunSpec["data"],
  theory: RhmTheory,
): string {
  const { v, m, s, depth, classes } = task;
  const levels = theory.unsupervisedThresholds.map((strings, i) => `level ${depth - 1 - i} ${scale(strings)}`);
  const times = data.train / theory.deepSupervised;
  return alignColumns([
    ["task", `random hierarchy model: v=${v} m=${m} s=${s} depth=${depth} classes=${classes}`],
    [
      "",
      `strings of ${theory.positions} symbols with ${plural(theory.latents, "latent")}; ${grouped(theory.strings)} distinct; chance error ${short(theory.chanceError)}`,
    ],
    [
      "",
      `training strings, orders of magnitude: deep with labels classes m^depth = ${scale(theory.deepSupervised)}; two-layer ${scale(theory.twoLayer)}`,
    ],
    ...(levels.length > 0 ? [["", `correlations inside a string show ${levels.join(", ")}`]] : []),
    [
      "data",
      `train ${data.train} (${short(times)} x classes m^depth), validation ${data.validation}, test ${data.test}`,
    ],
  ]);
}

/** Sample sizes are known to an order of magnitude. */
function scale(strings: number): string {
  return Number.isFinite(strings) && strings < 1e9 ? grouped(Math.round(strings)) : short(strings);
}

function networkText(network: Network, { network: { parametrisation, bias } }: RunSpec): string {
  const rows = network.layers.map((layer, i) => [
    `layer ${layer.index}`,
    String(layer.positions),
    String(layer.inFeatures),
    String(layer.outFeatures),
    layer.shared ? "shared" : "per position",
    grouped(layerParameters(network, i)),
  ]);
  const { inFeatures, classes } = network.readout;
  const readout = ["read-out", "1", String(inFeatures), String(classes), "", grouped(readoutParameters(network))];
  const head = ["", "positions", "in", "out", "weights", "parameters"];
  const table = alignColumns([head, ...rows, readout], [1, 2, 3, 5]);
  const title = `network  ${network.architecture}, ${parametrisation} parametrisation, bias ${bias}; ${grouped(parameterCount(network))} parameters\n`;
  return title + indented(table);
}

function costText({ train }: RunSpec, { step, forward, readout, rule }: StepCost): string {
  const row = (name: string, { operations, products, bytes }: Cost): string[] => [
    name,
    grouped(operations),
    grouped(products),
    grouped(bytes),
  ];
  const table = alignColumns(
    [
      ["", "operations", "of products", "bytes"],
      row("forward", forward),
      row("read-out", readout),
      row("rule", rule),
      row("step", step),
    ],
    [1, 2, 3],
  );
  const total = short((train.steps * step.operations) / 1e9);
  return `cost     of a step of ${train.batch} examples; ${train.steps} steps are ${total} GFLOP\n${indented(table)}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, "         ");
}

function layerParameters(network: Network, index: number): number {
  const layer = network.layers[index];
  if (layer === undefined) return 0;
  return [weightShape(layer), biasShape(layer) ?? [0]].reduce((sum, shape) => sum + sizeOf(shape), 0);
}

function readoutParameters({ readout: { inFeatures, classes } }: Network): number {
  return inFeatures * classes + classes;
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
