/** The README.md of a trace: every tensor with its axes, the equations of the step, and Python that loads and replays it. */
import type { Model, RecordedTensor, Recording } from "../../train/index.ts";
import { labelOf } from "../spec/keys.ts";
import type { RunSpec } from "../spec/spec.ts";

/** Text of the README of a recorded trace. */
export function traceReadme(spec: RunSpec, run: string, recording: Recording): string {
  const { model, initial, batches, fixed, updates, scalars } = recording;
  const { rule } = model.rule;
  const steps = scalars["loss"]?.length ?? 0;
  const state: AxesOf = (name, shape) => axesOf(model, name, shape);
  const perStep: AxesOf = (name, [, ...shape]) =>
    ["step", axesOf(model, name, shape)].filter((axis) => axis !== "").join(", ");
  return `# ${steps} steps of ${labelOf(spec.rule)}

Run \`${run}\`, written by \`afferent trace\`. Everything is float32 or int32, row-major, little-endian. The specification:

\`\`\`json
${JSON.stringify(spec)}
\`\`\`

## Files

- \`initial.safetensors\`, \`final.safetensors\`: the state before the first step and after the last.
- \`batches.safetensors\`: what each step was fed, with a leading axis of ${steps} steps; and values that never change, without one
  (their names are in the file's metadata, \`fixed\`).
- \`updates.safetensors\`: the pseudo-gradient of each parameter at each step, as the optimiser receives it: the rule's stand-in for
  the derivative of the loss, to be descended. A parameter that is not there does not learn. Computed from the same expressions
  as the step, apart from it, so that the last bits may differ.
- \`losses.json\`: lists of ${steps} numbers: ${Object.keys(scalars)
    .map((name) => `\`${name}\``)
    .join(", ")}. All are taken on the batch of
  the step, before the step; \`loss\` is the mean cross-entropy in nats, \`error\` the fraction misclassified.
- \`step.onnx\`: the step of one run, opset 18, standard operators. Inputs have the names of the tensors below; output \`next.X\` is the
  next value of input \`X\`.

## Tensors

In \`initial.safetensors\` and \`final.safetensors\`:

${table(initial, state)}
In \`batches.safetensors\`, one value a step:

${table(batches, perStep)}
${Object.keys(fixed).length > 0 ? `In \`batches.safetensors\`, constant:\n\n${table(fixed, state)}\n` : ""}In \`updates.safetensors\`:

${table(updates, perStep)}
An index of \`in\` counts the places of a patch first, then the channels of the layer below: place * channels + channel. ${featureText(model)}
${ownValuesText(recording)}
## The step

${forwardText(model)}

The rule, ${rule.id}: \`${rule.equation}\` (${rule.source})${rule.symbols === undefined ? "" : `; ${rule.symbols}`}. It gives the pseudo-gradients g of the hidden layers and its own heads.
The read-out always has its exact gradient, with e = softmax(logits) - one-hot(labels), B the batch, scale as above:

    g(readout.weight) = scale * features^T e / B      g(readout.bias) = sum of e over samples / B

${optimiserText(model)}

## Loading and replaying it

With \`pip install safetensors\`, \`safetensors.numpy.load_file(path)\` returns a dictionary of arrays; \`safetensors.torch\` does it for
PyTorch. Without it:

\`\`\`python
import json, struct
import numpy as np

def load(path):
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        header, data = json.loads(file.read(size)), file.read()
    header.pop("__metadata__", None)
    kinds = {"F32": "<f4", "I32": "<i4"}
    return {name: np.frombuffer(data[slice(*about["data_offsets"])], kinds[about["dtype"]]).reshape(about["shape"])
            for name, about in header.items()}

initial, batches = load("initial.safetensors"), load("batches.safetensors")
updates, final = load("updates.safetensors"), load("final.safetensors")

state = {name: value.astype(np.float64) for name, value in initial.items()}
for step in range(${steps}):
    for name, gradients in updates.items():
        g, W = gradients[step].astype(np.float64), state[name]
        top = name.startswith("readout.")
        rate = batches["readoutLearningRate" if top else "learningRate"][step]
${indent(replayOf(model), 8)}
        state[name] = W
for name in updates:
    print(name, "differs by at most", np.abs(state[name] - final[name]).max())
    assert np.allclose(state[name], final[name], rtol=1e-3, atol=1e-5), name
\`\`\`

The step itself, with \`pip install onnxruntime\`:

\`\`\`python
import onnxruntime
session = onnxruntime.InferenceSession("step.onnx")
fixed = ${JSON.stringify(Object.keys(fixed))}
state = dict(initial)
for step in range(${steps}):
    known = {name: value if name in fixed else value[step] for name, value in batches.items()} | state
    feeds = {port.name: np.asarray(known[port.name], order="C") for port in session.get_inputs()}
    results = dict(zip([port.name for port in session.get_outputs()], session.run(None, feeds)))
    state |= {name[5:]: value for name, value in results.items() if name.startswith("next.")}
    print(step + 1, results["loss"])
\`\`\`
`;
}

type AxesOf = (name: string, shape: readonly number[]) => string;

function table(tensors: Readonly<Record<string, RecordedTensor>>, axes: AxesOf): string {
  const rows = Object.entries(tensors)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, { dtype, shape }]) => `| \`${name}\` | ${dtype} | [${shape.join(", ")}] | ${axes(name, shape) || "-"} |`,
    );
  return ["| tensor | type | shape | axes |", "| --- | --- | --- | --- |", ...rows, ""].join("\n");
}

/** Names of a tensor's axes, the axis of steps left out; "" for a scalar. */
function axesOf(model: Model, name: string, shape: readonly number[]): string {
  if (name === "tokens" || name === "inputs" || name.startsWith("partner."))
    return model.network.input.values === "symbols" ? "sample, position in the string" : "sample, number of the input";
  if (name === "labels") return "sample";
  const [owner = "", part = ""] = name.split(".").slice(-2);
  if (owner === "readout" && part === "weight") return "feature, class";
  if (owner === "readout" && part === "bias") return "1, class";
  const layer = model.network.layers.find(({ index }) => owner === `layer${index}`);
  if (layer !== undefined && part === "weight") return layer.shared ? "in, unit" : "position, in, unit";
  if (layer !== undefined && part === "bias") return layer.bias === "shared" ? "1, unit" : "position, unit";
  return shape.map((size) => sizeNames(model, name, size)).join(", ");
}

/** What a rule keeps says nothing of its axes but their sizes: all sizes of its layer (of any, for noise) that this can be. */
function sizeNames({ network, batch }: Model, name: string, size: number): string {
  const [, index] = /layer(\d+)/.exec(name) ?? [];
  const own = network.layers.filter((layer) => index === undefined || layer.index === Number(index));
  const known = new Map<string, number>([
    ["sample", batch],
    ["class", network.readout.classes],
    ...own.flatMap(({ positions, inFeatures, outFeatures }): [string, number][] => [
      ["unit", outFeatures],
      ...(positions > 1
        ? ([
            ["position", positions],
            ["position * units + unit", positions * outFeatures],
          ] as [string, number][])
        : []),
      ["in", inFeatures],
    ]),
    ["feature", network.readout.inFeatures],
    ["position in the string * symbols + symbol", network.input.positions * network.input.channels],
    ...own.map(({ inFeatures, outFeatures }): [string, number] => ["in * units + unit", inFeatures * outFeatures]),
  ]);
  // Noise is drawn for each sample; nothing else a rule keeps is.
  const names = [...known].filter(
    ([what, extent]) => extent === size && (what !== "sample" || name.startsWith("noise.")),
  );
  return names.map(([what]) => what).join(" or ") || `${size}`;
}

function featureText({ network: { readout } }: Model): string {
  return readout.pooling === "mean"
    ? "`feature` of the read-out is the unit of the top layer, averaged over its positions."
    : "`feature` of the read-out is position * units + unit of the top layer.";
}

function ownValuesText({ graph: { variables, noises } }: Recording): string {
  if (variables.length + noises.length === 0) return "";
  return `\nThe rule keeps values of its own (${[...variables, ...noises].map(({ name }) => `\`${name}\``).join(", ")}). Their axes are named by their
sizes, with "or" where sizes agree; the rule's source file says how each is used.
`;
}

function forwardText({ network }: Model): string {
  const scales = network.layers.map(({ index, scale }) => `layer ${index}: ${scale}`).join(", ");
  const { positions, channels } = network.input;
  const shown = network.input.values === "symbols" ? "the one-hot encoding of `tokens`," : "`inputs`, laid out as";
  const kinds = new Set(network.layers.map((layer) => layer.activation));
  const [activation = "f"] = kinds.size === 1 ? kinds : ["f_l"];
  const each = network.layers.map((layer) => `layer ${layer.index}: ${layer.activation}`).join(", ");
  return `The input is ${shown} [sample, ${positions}, ${channels}]. Layer l, on patches that do not overlap:

    a_l = scale_l * patch W_l${network.layers.some(({ bias }) => bias !== "none") ? " + b_l" : ""}      h_l = ${activation}(a_l)      logits = scale * features W + b

scale is ${scales}, read-out: ${network.readout.scale}.${kinds.size === 1 ? "" : ` f is ${each}.`}`;
}

function optimiserText({ optimiser }: Model): string {
  const { kind, momentum, beta1, beta2, epsilon, weightDecay } = optimiser;
  const rates = `Here eta is \`learningRate\` (\`readoutLearningRate\` for \`readout.*\`) of the step, as it was fed: the schedule is in it`;
  const decay = weightDecay > 0 && kind !== "adamw" ? `\n\n    g := g + ${weightDecay} W      (weight decay)` : "";
  if (kind === "sgd") {
    const update =
      momentum === 0
        ? "W := W - eta g"
        : `v := ${momentum} v - eta g      W := W + v\n\nv is \`momentum.X\`, zero at the start. It is kept in units of the weights (the last change of W), not of the gradient: with a\nconstant eta it is -eta times the buffer that PyTorch's SGD keeps`;
    return `The optimiser, SGD${momentum === 0 ? "" : " with momentum"}:${decay}\n\n    ${update}.\n\n${rates}, and in the mean-field\nparametrisation the factor width.`;
  }
  const kept = kind === "adamw" && weightDecay > 0 ? `(1 - ${weightDecay} * decayRate) W` : "W";
  return `The optimiser, ${kind === "adam" ? "Adam" : "AdamW"} (t counts steps from 1):${decay}

    m := ${beta1} m + (1 - ${beta1}) g      s := ${beta2} s + (1 - ${beta2}) g^2      W := ${kept} - eta m / (sqrt(s) + epsilon)

m is \`firstMoment.X\` and s \`secondMoment.X\`, zero at the start. ${rates},
and so is Adam's bias correction: eta is the learning rate times sqrt(1 - ${beta2}^t) / (1 - ${beta1}^t), and epsilon, fed as
\`adam.epsilon\`, is ${epsilon} times sqrt(1 - ${beta2}^t). This equals the usual form with m and s corrected.${
    kind === "adamw" ? "\nThe uncorrected learning rates are `decayRate` and `readoutDecayRate`." : ""
  }`;
}

/** Python for one update of W by g, in float64. */
function replayOf({ optimiser }: Model): string {
  const { kind, momentum, beta1, beta2, weightDecay } = optimiser;
  const decay = weightDecay > 0 && kind !== "adamw" ? [`g = g + ${weightDecay} * W`] : [];
  if (kind === "sgd" && momentum === 0) return [...decay, "W = W - rate * g"].join("\n");
  if (kind === "sgd") {
    return [
      ...decay,
      `state["momentum." + name] = ${momentum} * state["momentum." + name] - rate * g`,
      `W = W + state["momentum." + name]`,
    ].join("\n");
  }
  return [
    ...decay,
    ...(kind === "adamw" && weightDecay > 0
      ? [`W = (1 - ${weightDecay} * batches["readoutDecayRate" if top else "decayRate"][step]) * W`]
      : []),
    `m, s = "firstMoment." + name, "secondMoment." + name`,
    `state[m] = ${beta1} * state[m] + (1 - ${beta1}) * g`,
    `state[s] = ${beta2} * state[s] + (1 - ${beta2}) * g ** 2`,
    `W = W - rate * state[m] / (np.sqrt(state[s]) + batches["adam.epsilon"][step])`,
  ].join("\n");
}

function indent(text: string, by: number): string {
  return text.replaceAll(/^/gm, " ".repeat(by));
}
