/** A program trains, judges and inspects with the numbers of the command line. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  certify,
  compileStep,
  evaluate,
  examplesOf,
  measureChannel,
  networks,
  probe,
  record,
  rules,
  start,
  studies,
  tasks,
  train,
  z,
} from "../index.ts";

const folder = mkdtempSync(join(tmpdir(), "afferent-program-"));
afterAll(() => rmSync(folder, { recursive: true }));

const task = tasks.rhm({ v: 4, m: 3, depth: 2, seed: 3 });
const network = networks.treeCnn(task, { width: 8 });
const small = {
  ...{ task, network, rule: rules.oja(), seed: 3 },
  ...{ steps: 30, batch: 8, learningRate: 0.01, curveEvery: 10, data: { train: 24, validation: 4, test: 8 } },
} as const;

test("a run in a program has the numbers of the same run of a study", async () => {
  const {
    outcome,
    steps,
    curve,
    train: onTrain,
    validation,
    test: onTest,
    metrics,
  } = await train({ ...small, probes: true });
  const study = studies.defineStudy({
    name: "same",
    question: "Are they the same?",
    base: {
      task: { v: 4, m: 3, depth: 2 },
      data: small.data,
      network: { width: 8 },
      rule: "oja",
      train: { steps: 30, batch: 8, learningRate: 0.01, curveEvery: 10 },
      probes: true,
      seed: 3,
    },
  });
  const { runs, models } = studies.planStudy(study);
  const store = await studies.openStore(join(folder, "store"));
  await studies.execute({ store, study: "same", runs, models, workers: 1 });
  const [row] = await store.rows();
  const stored = await store.curves([row!.run]);
  await store.close();
  expect({ outcome, steps, metrics }).toEqual({ outcome: row!.outcome, steps: row!.steps, metrics: row!.metrics });
  expect([onTrain, validation, onTest]).toEqual([
    { loss: row!.trainLoss, error: row!.trainError },
    { loss: row!.validationLoss, error: row!.validationError },
    { loss: row!.testLoss, error: row!.testError },
  ]);
  const points = (list: readonly { step: number; metric: string; value: number }[]) =>
    list.map(({ step, metric, value }) => `${metric} ${step} ${value}`).sort();
  expect(points(curve)).toEqual(points(stored));
});

test("weights of a trained run score as it did, and as taken step by step", async () => {
  const trained = await train(small);
  const { test: examples } = examplesOf(small);
  expect(await evaluate(small, trained.values, examples)).toEqual(trained.test);
  const trainer = await start(small);
  for (let step = 0; step < small.steps; step++) await trainer.advance(1);
  const values = trainer.snapshot(0);
  await trainer.dispose();
  expect(values["layer1.weight"]).toEqual(trained.values["layer1.weight"]);
  const { metrics } = await train({ ...small, probes: true });
  expect(await probe(small, trained.values)).toEqual(metrics);
});

test("a rule may be given with its options or as it is", async () => {
  const [called, itself] = await Promise.all([train(small), train({ ...small, rule: rules.oja })]);
  expect(itself.test).toEqual(called.test);
  expect(rules.chooseRule("oja")).toEqual(rules.chooseRule({ id: "oja" }));
});

describe("a run is inspected", () => {
  test("certificate, with what is read without being claimed", async () => {
    expect(certify(small)).toMatchObject({ rule: "oja", undeclared: [] });
    const silent = rules.plasticity({
      ...{ id: "silent", family: "test", equation: "dW = <x y>", source: "here", relation: "none" },
      reads: ["pre"],
      options: z.strictObject({}),
      change: ({ pre, post, outer }) => outer(pre, post),
    });
    expect(certify({ ...small, rule: silent }).undeclared).toEqual(["post"]);
    const refusal =
      "rule silent: by its graph it reads post without claiming it; add it to the rule's reads, or say undeclared: true to run it all the same";
    await expect(train({ ...small, rule: silent })).rejects.toThrow(refusal);
    expect((await train({ ...small, rule: silent, undeclared: true })).certificate.undeclared).toEqual(["post"]);
  });

  test("recorded steps replay", async () => {
    const { initial, updates, scalars } = await record(small, 2);
    expect(Object.keys(updates)).toEqual(expect.arrayContaining(["layer1.weight", "layer2.weight", "readout.weight"]));
    expect(initial["layer1.weight"]?.shape).toEqual([8, 8]);
    expect(scalars["loss"]).toHaveLength(2);
  });

  test("the compiled step takes a step on a batch of one's own", async () => {
    const { graph, executable } = await compileStep({ ...small, optimiser: "sgd", momentum: 0 });
    const state = Object.fromEntries(
      executable
        .statePorts()
        .map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.1)]),
    );
    executable.load(state);
    const feeds = {
      tokens: new Int32Array(8 * 4),
      labels: new Int32Array(8),
      learningRate: Float32Array.of(0),
      readoutLearningRate: Float32Array.of(0),
    };
    const { loss } = await executable.run(feeds);
    // Equal weights give equal scores: chance.
    expect(loss?.[0]).toBeCloseTo(Math.log(4), 5);
    expect(executable.state("layer1.weight")[0]).toBeCloseTo(0.1, 6);
    expect(graph.objectives).toEqual([]);
    await executable.dispose();
  });

  test("the learning channel", async () => {
    const channel = await measureChannel({ ...small, rule: rules.backprop }, { at: [0], batches: 2 });
    expect(channel.steps[0]!.all.cosine.mean).toBeCloseTo(1, 6);
  });
});

test("a setting that does not fit is named", async () => {
  await expect(train({ ...small, steps: 0 })).rejects.toThrow("setup: steps: expected number to be >0");
  await expect(train({ ...small, stepz: 3 } as never)).rejects.toThrow('got "stepz"; did you mean steps?');
  await expect(train({ ...small, data: { train: 1e9 } })).rejects.toThrow(
    "draw: expected train + validation + test <= P_max",
  );
  await expect(train({ ...small, rule: rules.infoNce({ pair: "resample", level: 9 }) })).rejects.toThrow(
    "rule.pair=resample",
  );
});
