/** A program trains, judges, probes and steps on real numbers, with a task and a network of its own. */
import { expect, test } from "vitest";
import { compileStep, defineTask, evaluate, examplesOf, networks, probe, record, rules, train, z } from "../index.ts";

/** Two clouds a distance of 4 apart. */
const clouds = defineTask({
  id: "clouds",
  summary: "two clouds",
  options: z.strictObject({ distance: z.number().default(4) }),
  shape: () => ({ values: "real", positions: 2, channels: 2, classes: 2, branching: 2 }),
  draw: ({ distance }, sizes, { data }) => {
    const some = (count: number) => {
      const labels = Array.from({ length: count }, (_, i) => i % 2);
      const inputs = labels.map((label) => [0, 1, 2, 3].map(() => (label - 0.5) * distance + data.normal()));
      return { inputs, labels };
    };
    return { train: some(sizes.train), validation: some(sizes.validation), test: some(sizes.test) };
  },
});

const task = clouds({ distance: 3 }, 1);
const network = networks.compose(task, {
  activation: "tanh",
  layers: [
    { kind: "patches", size: 2, width: 6 },
    { kind: "dense", width: 4 },
  ],
});
const setup = {
  ...{ task, network, seed: 2, steps: 60, batch: 8, learningRate: 0.02, curveEvery: 20 },
  data: { train: 60, validation: 10, test: 200 },
};

test.each([
  rules.backprop(),
  rules.oja(),
  rules.infoNce({ pair: "noise", strength: 0.4 }),
  rules.simclr({ pair: "dropout" }),
])("$rule.id", async (rule) => {
  const trained = await train({ ...setup, rule });
  expect(trained.outcome).toBe("finished");
  // The means differ by 6 standard deviations of the sum of an example's numbers.
  expect(trained.test.error).toBeLessThan(0.05);
  const { test: examples } = examplesOf({ ...setup, rule });
  expect(examples.inputs).toBeInstanceOf(Float32Array);
  expect(await evaluate({ ...setup, rule }, trained.values, examples)).toEqual(trained.test);
});

test("probes, recorded steps and the compiled step are fed numbers", async () => {
  const rule = rules.backprop();
  const { values } = await train({ ...setup, rule });
  const probed = await probe({ ...setup, rule }, values);
  expect(probed["probe.layer1.testError"]).toBeLessThan(0.1);
  const { batches } = await record({ ...setup, rule }, 2);
  expect(batches["inputs"]).toMatchObject({ dtype: "float32", shape: [2, 8, 4] });
  const { executable } = await compileStep({ ...setup, rule });
  expect(executable.program.inputs.find(({ name }) => name === "inputs")).toMatchObject({
    dtype: "float32",
    shape: [8, 4],
  });
  await executable.dispose();
});

test("numbers enter the network as they are", async () => {
  const flat = { positions: 1, channels: 2, classes: 2, values: "real" } as const;
  const identity = networks.compose(flat, { layers: [{ kind: "dense", width: 2, activation: "linear" }] });
  const one = { ...setup, network: identity, rule: rules.frozen() };
  const inputs = [1.5, -0.5, 0.25, 2, -3, -1];
  const labels = [0, 0, 1];
  const values = {
    "layer1.weight": Float32Array.of(1, 0, 0, 1),
    "readout.weight": Float32Array.of(1, 0, 0, 1),
    "readout.bias": Float32Array.of(0, 0),
  };
  const shape = { ...task, ...flat };
  const { loss, error } = await evaluate({ ...one, task: shape }, values, {
    ...{ count: 3, inputs: Float32Array.from(inputs), labels: Int32Array.from(labels) },
  });
  // The scores are the inputs: the second of three is told wrong.
  const expected = labels.map((label, i) => {
    const [a, b] = [inputs[2 * i]!, inputs[2 * i + 1]!];
    return Math.log(Math.exp(a) + Math.exp(b)) - (label === 0 ? a : b);
  });
  expect(loss).toBeCloseTo(expected.reduce((sum, value) => sum + value, 0) / 3, 5);
  expect(error).toBeCloseTo(1 / 3, 6);
});

test("pairs that the task cannot give are refused", async () => {
  await expect(train({ ...setup, rule: rules.infoNce({ pair: "resample" }) })).rejects.toThrow(
    "resample pairs: expected a task that knows how its data come about",
  );
});
