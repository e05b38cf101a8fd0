import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodeEngine } from "../../runtime/node-engine.node.ts";
import { train } from "../../train/index.ts";
import { completeSpec } from "../run/build.ts";
import { PlannedModel } from "../run/planned-model.ts";
import { groupOf, trainOptionsOf } from "../run/training-group.ts";
import { RunSpec, type RunSpecInput } from "../spec/spec.ts";
import { readSafetensors, type SafeTensor } from "../store/safetensors.ts";
import { writeTrace } from "./trace.ts";

const steps = 4;
const base = {
  task: { v: 4, m: 2, depth: 2 },
  data: { train: 16, validation: 8, test: 8 },
  network: { width: 6 },
} satisfies RunSpecInput;
const sgd = { batch: 8, optimiser: "sgd", learningRate: 0.1, momentum: 0.9, schedule: "cosine", steps: 10 } as const;

const cases: Readonly<Record<string, RunSpecInput>> = {
  backprop: { ...base, train: { ...sgd, readoutLearningRate: 0.05 } },
  feedback: {
    ...base,
    rule: "dfa",
    train: { ...sgd, momentum: 0, weightDecay: 0.01 },
    network: { width: 6, activation: "tanh", bias: "shared" },
  },
  pairs: {
    ...base,
    rule: { id: "info-nce", pair: "same-class" },
    train: { batch: 8, optimiser: "adam", learningRate: 0.01 },
  },
  frozen: { ...base, rule: "frozen", train: { batch: 8, optimiser: "adamw", weightDecay: 0.1, learningRate: 0.02 } },
  meanField: { ...base, train: { ...sgd, schedule: "constant" }, network: { width: 6, parametrisation: "mean-field" } },
};

/** With a state that is one number, and no layer's. */
const reward: RunSpecInput = { ...base, rule: "reward-modulated-hebb", train: { ...sgd, schedule: "constant" } };

type Tensors = Readonly<Record<string, SafeTensor>>;

interface Files {
  readonly folder: string;
  readonly spec: RunSpec;
  readonly initial: Tensors;
  readonly batches: Tensors;
  readonly updates: Tensors;
  readonly final: Tensors;
  readonly losses: Readonly<Record<string, readonly number[]>>;
  readonly fixed: readonly string[];
}

let root: string;
const traces: Record<string, Files> = {};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "afferent-trace-"));
  for (const [name, input] of Object.entries({ ...cases, reward })) {
    const folder = join(root, name);
    const spec = completeSpec(RunSpec.parse(input));
    await writeTrace(spec, { steps, folder, engine: nodeEngine() });
    const read = async (file: string) => readSafetensors(join(folder, `${file}.safetensors`));
    const [initial, batches, updates, final] = await Promise.all(["initial", "batches", "updates", "final"].map(read));
    traces[name] = {
      folder,
      spec,
      initial: initial!.tensors,
      batches: batches!.tensors,
      updates: updates!.tensors,
      final: final!.tensors,
      losses: JSON.parse(readFileSync(join(folder, "losses.json"), "utf8")) as Files["losses"],
      fixed: JSON.parse(batches!.metadata!["fixed"]!) as string[],
    };
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const numbers = (tensor: SafeTensor | undefined): number[] => Array.from(tensor!.data as Float32Array);

/** One step of a tensor with a leading axis of steps. */
function atStep(tensor: SafeTensor | undefined, step: number): number[] {
  const all = numbers(tensor);
  const size = all.length / steps;
  return all.slice(step * size, (step + 1) * size);
}

/** The state before each step and after the last, from the initial state and the recorded updates alone, in float64. */
function replay({ spec, initial, batches, updates }: Files): Record<string, number[]>[] {
  const { optimiser, learningRate, readoutLearningRate, momentum, beta1, beta2, epsilon, weightDecay, schedule } =
    spec.train;
  const widthFactor = spec.network.parametrisation === "mean-field" ? spec.network.width : 1;
  let state = Object.fromEntries(Object.entries(initial).map(([name, tensor]) => [name, numbers(tensor)]));
  const states = [state];
  const slots: Record<string, number[]> = {};
  for (let t = 1; t <= steps; t++) {
    state = { ...state };
    for (const [name, tensor] of Object.entries(updates)) {
      const g = atStep(tensor, t - 1);
      const base = name.startsWith("readout.") ? (readoutLearningRate ?? learningRate) : learningRate;
      const progress = (t - 1) / (spec.train.steps - 1);
      const factor = schedule === "cosine" ? 0.01 + (0.99 * (1 + Math.cos(Math.PI * progress))) / 2 : 1;
      const rate = base * factor * (optimiser === "sgd" ? widthFactor : 1);
      const first = (slots[`1 ${name}`] ??= g.map(() => 0));
      const second = (slots[`2 ${name}`] ??= g.map(() => 0));
      state[name] = state[name]!.map((w, i) => {
        if (optimiser === "sgd") {
          // PyTorch's form: the buffer in units of the gradient cannot be used when the rate changes; v is in units of w.
          first[i] = momentum * first[i]! - rate * (g[i]! + weightDecay * w);
          return w + first[i];
        }
        first[i] = beta1 * first[i]! + (1 - beta1) * g[i]!;
        second[i] = beta2 * second[i]! + (1 - beta2) * g[i]! ** 2;
        const [m, s] = [first[i] / (1 - beta1 ** t), second[i] / (1 - beta2 ** t)];
        return w * (optimiser === "adamw" ? 1 - rate * weightDecay : 1) - (rate * m) / (Math.sqrt(s) + epsilon);
      });
    }
    states.push(state);
  }
  // What was fed as the learning rate is the base rate with the schedule in it.
  if (optimiser === "sgd") expect(numbers(batches["learningRate"])[0]).toBeCloseTo(learningRate * widthFactor, 6);
  return states;
}

/** Mean cross-entropy and error of a tree CNN with flat read-out on one batch, by plain loops over the equations. */
function forward(
  { spec, batches }: Files,
  state: Record<string, number[]>,
  step: number,
): { loss: number; error: number } {
  const { v, s, depth, classes } = spec.task as Extract<RunSpec["task"], { readonly id: "rhm" }>;
  const { width, activation, parametrisation, bias } = spec.network;
  const f = (a: number): number => (activation === "tanh" ? Math.tanh(a) : Math.max(a, 0));
  const meanField = parametrisation === "mean-field";
  const [tokens, labels] = [atStep(batches["tokens"], step), atStep(batches["labels"], step)];
  const length = s ** depth;
  let [loss, wrong] = [0, 0];
  labels.forEach((label, sample) => {
    let below = Array.from({ length }, (_, p) =>
      Array.from({ length: v }, (_, c) => Number(tokens[sample * length + p] === c)),
    );
    for (let layer = 1; layer <= depth; layer++) {
      const weight = state[`layer${layer}.weight`]!;
      const shift = bias === "none" ? undefined : state[`layer${layer}.bias`]!;
      const channels = below[0]!.length;
      const scale = meanField ? 1 / Math.sqrt(s * channels) : 1;
      const here: number[][] = [];
      for (let p = 0; p < below.length / s; p++) {
        const units = new Array<number>(width).fill(0);
        for (let k = 0; k < s; k++)
          for (let c = 0; c < channels; c++)
            for (let u = 0; u < width; u++)
              units[u]! += scale * below[p * s + k]![c]! * weight[(k * channels + c) * width + u]!;
        here.push(units.map((a, u) => f(a + (shift?.[u] ?? 0))));
      }
      below = here;
    }
    const features = below.flat();
    const scores = Array.from({ length: classes }, (_, c) =>
      features.reduce(
        (sum, h, i) => sum + (meanField ? h / features.length : h) * state["readout.weight"]![i * classes + c]!,
        state["readout.bias"]![c]!,
      ),
    );
    loss += Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0)) - scores[label]!;
    wrong += Number(scores.indexOf(Math.max(...scores)) !== label);
  });
  return { loss: loss / labels.length, error: wrong / labels.length };
}

describe.each(Object.keys(cases))("%s", (name) => {
  it("the final state follows from the initial state and the updates by the optimiser's formula", () => {
    const trace = traces[name]!;
    const last = replay(trace).at(-1)!;
    for (const parameter of Object.keys(trace.updates)) {
      const got = numbers(trace.final[parameter]);
      last[parameter]!.forEach((value, i) =>
        expect(Math.abs(value - got[i]!)).toBeLessThan(1e-5 + 1e-4 * Math.abs(value)),
      );
      // The check is not empty: everything that has an update moved.
      expect(got).not.toEqual(numbers(trace.initial[parameter]));
    }
    const still = Object.keys(trace.initial).filter(
      (key) => !(key in trace.updates) && !/^(momentum|firstMoment|secondMoment)\./.test(key),
    );
    for (const key of still) expect(trace.final[key]).toEqual(trace.initial[key]);
    expect(still).toEqual(name === "frozen" ? ["layer1.weight", "layer2.weight"] : []);
  });

  it("losses and errors are those of the forward pass before each step, by plain loops", () => {
    const trace = traces[name]!;
    const states = replay(trace);
    for (let step = 0; step < steps; step++) {
      const { loss, error } = forward(trace, states[step]!, step);
      expect(trace.losses["loss"]![step]).toBeCloseTo(loss, 4);
      expect(trace.losses["error"]![step]).toBeCloseTo(error, 6);
    }
  });

  it("the README names every tensor with its shape", () => {
    const { folder, initial, batches, updates, fixed } = traces[name]!;
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const row = (tensor: string, { dtype, shape }: SafeTensor) =>
      `| \`${tensor}\` | ${dtype === "F32" ? "float32" : "int32"} | [${shape.join(", ")}] | `;
    for (const tensors of [initial, batches, updates])
      for (const [tensor, about] of Object.entries(tensors)) expect(readme).toContain(row(tensor, about));
    for (const tensor of fixed) expect(Object.keys(batches)).toContain(tensor);
    expect(readme).not.toMatch(/undefined|NaN/);
  });
});

it("writes the seven files, and what each of a rule's values is", () => {
  const { folder, batches, fixed, initial, losses } = traces["feedback"]!;
  expect(readdirSync(folder).sort()).toEqual([
    "README.md",
    "batches.safetensors",
    "final.safetensors",
    "initial.safetensors",
    "losses.json",
    "step.onnx",
    "updates.safetensors",
  ]);
  expect(fixed).toEqual(["layer1.feedback", "layer2.feedback"]);
  expect(batches["tokens"]).toMatchObject({ dtype: "I32", shape: [4, 8, 4] });
  expect(batches["learningRate"]).toMatchObject({ dtype: "F32", shape: [4] });
  // Without momentum there is nothing but weights.
  expect(Object.keys(initial).sort()).toEqual([
    "layer1.bias",
    "layer1.weight",
    "layer2.bias",
    "layer2.weight",
    "readout.bias",
    "readout.weight",
  ]);
  expect(Object.keys(losses)).toEqual(["run", "steps", "loss", "error"]);
  const pairs = traces["pairs"]!;
  expect(pairs.batches["partner.same-class"]).toMatchObject({ dtype: "I32", shape: [4, 8, 4] });
  expect(Object.keys(pairs.losses)).toContain("layer1.objective");
  expect(pairs.updates["layer1.predictor"]!.shape[0]).toBe(4);
});

it("names the axes of weights, batches, fixed matrices and heads", () => {
  const axes = (name: string, tensor: string): string | undefined => {
    const readme = readFileSync(join(traces[name]!.folder, "README.md"), "utf8");
    return readme
      .split("\n")
      .find((line) => line.startsWith(`| \`${tensor}\` |`))
      ?.split(" | ")[3]
      ?.replace(" |", "");
  };
  expect(axes("feedback", "layer1.weight")).toBe("in, unit");
  expect(axes("feedback", "layer1.bias")).toBe("1, unit");
  expect(axes("feedback", "readout.weight")).toBe("feature, class");
  expect(axes("feedback", "tokens")).toBe("step, sample, position in the string");
  expect(axes("feedback", "learningRate")).toBe("step");
  expect(axes("feedback", "layer1.feedback")).toBe("position * units + unit, class");
  expect(axes("backprop", "momentum.layer2.weight")).toBe("in, unit");
  expect(axes("pairs", "layer1.predictor")).toContain("position * units + unit, position * units + unit");
});

it("is the beginning of the run itself", async () => {
  const spec = completeSpec(RunSpec.parse({ ...cases["backprop"], train: { ...sgd, steps, schedule: "constant" } }));
  const folder = join(root, "whole");
  await writeTrace(spec, { steps, folder, engine: nodeEngine() });
  const group = groupOf(new PlannedModel(spec), [spec]);
  const [result] = await train(group, trainOptionsOf(spec), nodeEngine());
  const { tensors } = await readSafetensors(join(folder, "final.safetensors"));
  for (const name of ["layer1.weight", "layer2.weight", "readout.weight"]) {
    expect(tensors[name]!.data).toEqual(result!.values[name]);
  }
});

it("step.onnx, run from the files alone, gives the recorded losses", async () => {
  const { folder, initial, batches, fixed, losses, final } = traces["feedback"]!;
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(join(folder, "step.onnx"));
  let state: Tensors = initial;
  for (let step = 0; step < steps; step++) {
    const feeds = Object.fromEntries(
      session.inputNames.map((name) => {
        const kept = state[name] ?? batches[name]!;
        const whole = name in state || fixed.includes(name);
        const values = whole ? numbers(kept) : atStep(kept, step);
        const shape = whole ? kept.shape : kept.shape.slice(1);
        return [
          name,
          kept.dtype === "I32"
            ? new Tensor("int32", Int32Array.from(values), shape)
            : new Tensor("float32", Float32Array.from(values), shape),
        ];
      }),
    );
    const results = await session.run(feeds);
    expect((results["loss"]!.data as Float32Array)[0]).toBeCloseTo(losses["loss"]![step]!, 5);
    state = Object.fromEntries(
      Object.keys(state).map((name) => [name, { ...state[name]!, data: results[`next.${name}`]!.data } as SafeTensor]),
    );
  }
  await session.release();
  numbers(state["layer1.weight"]).forEach((value, i) =>
    expect(value).toBeCloseTo(numbers(final["layer1.weight"])[i]!, 5),
  );
});

/** A Python that has a module: AFFERENT_PYTHON, then Debian's, which sees Debian's packages, then the one on the path; undefined where none has. */
function pythonWith(module: string): string | undefined {
  const { AFFERENT_PYTHON: given } = process.env;
  return [...(given === undefined ? [] : [given]), "/usr/bin/python3", "python3"].find(
    (python) => spawnSync(python, ["-c", `import ${module}`], { stdio: "ignore" }).status === 0,
  );
}
const numpy = pythonWith("numpy");
const torch = pythonWith("torch");
const onnxruntime = pythonWith("numpy, onnxruntime");

/** The blocks of Python in a trace's README. */
function pythonIn(name: string): string[] {
  const readme = readFileSync(join(traces[name]!.folder, "README.md"), "utf8");
  return [...readme.matchAll(/```python\n(.*?)```/gs)].map(([, code = ""]) => code);
}

describe.skipIf(numpy === undefined)("the README's Python [needs python3 with numpy]", () => {
  it.each(Object.keys(cases))("replays %s", (name) => {
    const { folder } = traces[name]!;
    const [code = ""] = pythonIn(name);
    const printed = execFileSync(numpy ?? "", ["-c", code], { cwd: folder, encoding: "utf8" });
    expect(printed.match(/differs by at most/g)).toHaveLength(Object.keys(traces[name]!.updates).length);
  });
});

it("the README's loop over step.onnx feeds scalars as scalars", () => {
  // np.ascontiguousarray makes vectors of one number of them, of which ONNX Runtime warns.
  const [, loop = ""] = pythonIn("backprop");
  expect(loop).toContain(
    'feeds = {port.name: np.asarray(known[port.name], order="C") for port in session.get_inputs()}',
  );
  expect(loop).not.toContain("ascontiguousarray");
});

describe.skipIf(onnxruntime === undefined)(
  "the README's loop over step.onnx [needs python3 with numpy and onnxruntime; AFFERENT_PYTHON names one]",
  () => {
    it.each([...Object.keys(cases), "reward"])("prints the losses of %s, and warns of nothing", (name) => {
      const { folder, losses } = traces[name]!;
      const ran = spawnSync(onnxruntime ?? "", ["-c", pythonIn(name).join("\n")], { cwd: folder, encoding: "utf8" });
      expect(ran.stderr).toBe("");
      const printed = [...ran.stdout.matchAll(/^\d+ ([\d.e+-]+)$/gm)].map(([, loss]) => Number(loss));
      expect(printed).toHaveLength(steps);
      printed.forEach((loss, i) => expect(loss).toBeCloseTo(losses["loss"]![i]!, 5));
    });
  },
);

it.skipIf(torch === undefined)("backprop's updates are PyTorch's gradients [needs python3 with torch]", () => {
  const { folder } = traces["backprop"]!;
  const script = join(root, "check.py");
  writeFileSync(script, autogradCheck);
  const printed = execFileSync(torch ?? "", [script], { cwd: folder, encoding: "utf8" });
  expect(printed.trim()).toBe("16 updates agree, final state agrees");
});

/** Its own reader, its own network, autograd, and its own heavy ball, started from the initial state and never corrected. */
const autogradCheck = `
import json, struct, torch
def load(path):
    raw = open(path, "rb").read()
    n = struct.unpack("<Q", raw[:8])[0]
    out = {}
    for name, about in json.loads(raw[8:8 + n]).items():
        if name == "__metadata__": continue
        kind = {"F32": torch.float32, "I32": torch.int32}[about["dtype"]]
        a, b = about["data_offsets"]
        out[name] = torch.frombuffer(bytearray(raw[8 + n + a:8 + n + b]), dtype=kind).reshape(about["shape"])
    return out
initial, batches, updates, final = (load(name + ".safetensors") for name in ("initial", "batches", "updates", "final"))
losses = json.load(open("losses.json"))["loss"]
names = ["layer1.weight", "layer2.weight", "readout.weight", "readout.bias"]
p = {name: initial[name].clone().requires_grad_() for name in names}
v = {name: torch.zeros_like(initial[name]) for name in names}
agree = 0
for t in range(len(losses)):
    h = torch.nn.functional.one_hot(batches["tokens"][t].long(), 4).float()
    for layer in (1, 2):
        h = torch.relu(h.reshape(h.shape[0], h.shape[1] // 2, -1) @ p[f"layer{layer}.weight"])
    logits = h.flatten(1) @ p["readout.weight"] + p["readout.bias"]
    loss = torch.nn.functional.cross_entropy(logits, batches["labels"][t].long())
    assert abs(loss.item() - losses[t]) < 1e-5, (loss.item(), losses[t])
    gradients = dict(zip(names, torch.autograd.grad(loss, [p[name] for name in names])))
    for name in names:
        assert torch.allclose(gradients[name], updates[name][t], rtol=1e-4, atol=1e-6), (t, name)
        agree += 1
        rate = batches["readoutLearningRate" if name.startswith("readout") else "learningRate"][t]
        v[name] = 0.9 * v[name] - rate * gradients[name]
        p[name] = (p[name] + v[name]).detach().requires_grad_()
for name in names:
    assert torch.allclose(p[name], final[name], rtol=1e-4, atol=1e-6), name
print(agree, "updates agree, final state agrees")
`;
