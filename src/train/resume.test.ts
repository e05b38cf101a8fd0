/** Training that goes on from a state ends with the bits of training that was never interrupted. */
import { describe, expect, it } from "vitest";
import { networkDefaults, layOut } from "../networks/index.ts";
import { chooseRule } from "../rules/index.ts";
import { nodeEngine } from "../runtime/node-engine.node.ts";
import { rhm } from "../tasks/index.ts";
import { type Group, type GroupState, type Replica, train, type TrainOptions } from "./index.ts";

const engine = nodeEngine();
const options: TrainOptions = {
  ...{ steps: 40, stopAtLoss: 0, stopWindow: 5, curveEvery: 10, probes: false },
  ...{ keep: "best", validateEvery: 7 },
};

function replica(seed: number, learningRate = 0.01): Replica {
  return {
    task: rhm({ v: 4, m: 3, s: 2, depth: 2, classes: 4, seed }),
    sizes: { train: 40, validation: 20, test: 10 },
    seeds: { data: seed, init: seed, order: seed, noise: seed },
    ...{ learningRate, readoutLearningRate: learningRate },
  };
}

function group(rule: string, replicas: readonly Replica[], form: Group["form"] = "stacked"): Group {
  const network = layOut({ positions: 4, channels: 4, classes: 4, branching: 2 }, { ...networkDefaults, width: 6 });
  const optimiser = { kind: "adam", momentum: 0.9, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
  return {
    model: { network, rule: chooseRule({ id: rule }), optimiser, batch: 16 },
    schedule: { kind: "cosine", decay: 0.1, steps: 40 },
    ...{ replicas, form },
  };
}

/** The states that a group leaves as it is trained, each as another process would find it. */
async function statesOf(of: Group, given: TrainOptions): Promise<GroupState[]> {
  const states: GroupState[] = [];
  const save = (state: GroupState) => Promise.resolve(void states.push(structuredClone(state)));
  await train(of, { ...given, checkpoints: { every: 0, worthFrom: 0, save } }, engine);
  return states;
}

describe("training goes on from a state to the same bits", () => {
  // Pairs and a head; noise in every step; what is drawn once and fixed; what is remembered of the batch before.
  it.each(["info-nce", "weight-perturbation", "direct-feedback-alignment", "clapp"])("%s", async (rule) => {
    const of = group(rule, [replica(1), replica(2, 0.003)]);
    const whole = await train(of, options, engine);
    const states = await statesOf(of, options);
    expect(states.length).toBeGreaterThan(3);
    for (const from of [states[0]!, states.at(-2)!]) {
      expect(from.step).toBeLessThan(40);
      expect(await train(of, { ...options, from }, engine)).toEqual(whole);
    }
  });

  it("of a lone replica, in the plain form", async () => {
    const of = group("oja", [replica(3)], "plain");
    const whole = await train(of, options, engine);
    const [from] = await statesOf(of, options);
    expect(await train(of, { ...options, from: from! }, engine)).toEqual(whole);
  });

  it("where some have ended: stopped at a loss, diverged", async () => {
    const given = { ...options, stopAtLoss: 1.2, steps: 80 };
    const of = group("backprop", [replica(1, 0.3), replica(2, 1e-4), replica(3, 1e12)]);
    const sgd = { ...of, model: { ...of.model, optimiser: { ...of.model.optimiser, kind: "sgd" } as const } };
    const whole = await train(sgd, given, engine);
    const states = await statesOf(sgd, given);
    const from = states.at(-2)!;
    expect(await train(sgd, { ...given, from }, engine)).toEqual(whole);
    expect(whole.map(({ outcome }) => outcome)).toEqual(["stopped", "finished", "diverged"]);
  });

  it("in other company", async () => {
    const whole = await train(group("info-nce", [replica(1), replica(2)]), options, engine);
    const [from] = await statesOf(group("info-nce", [replica(1), replica(2)]), options);
    const alone = { ...from!, replicas: [from!.replicas[1]!] };
    expect(await train(group("info-nce", [replica(2)]), { ...options, from: alone }, engine)).toEqual([whole[1]]);
  });
});

it("an aborted group leaves a state where it is worth one", async () => {
  const of = group("backprop", [replica(1)]);
  const aborted = async (worthFrom: number): Promise<GroupState[]> => {
    const states: GroupState[] = [];
    const abort = new AbortController();
    const save = (state: GroupState) => Promise.resolve(void states.push(state));
    const running = train(
      of,
      {
        ...options,
        steps: 1e6,
        signal: abort.signal,
        checkpoints: { every: 60, worthFrom, save },
        onProgress: () => abort.abort(),
      },
      engine,
    );
    await expect(running).rejects.toThrow();
    return states;
  };
  expect((await aborted(0)).map(({ step }) => step > 0)).toEqual([true]);
  expect(await aborted(60)).toEqual([]);
});

describe("the validation error on the way", () => {
  const points = (curve: readonly { step: number; metric: string; value: number }[], metric: string) =>
    curve.filter((point) => point.metric === metric);

  it("is measured so often, is that of a run of so many steps, and changes no number of the training", async () => {
    const of = group("backprop", [replica(1)]);
    const bare = { ...options, keep: "last", validateEvery: 0 } as const;
    const [measured] = await train(of, { ...bare, validateEvery: 7 }, engine);
    const errors = points(measured!.curve, "validationError");
    expect(errors.map(({ step }) => step)).toEqual([7, 14, 21, 28, 35, 40]);
    const [unmeasured] = await train(of, bare, engine);
    expect({ ...measured, curve: [] }).toEqual({ ...unmeasured, curve: [] });
    expect(points(measured!.curve, "trainLoss")).toEqual(points(unmeasured!.curve, "trainLoss"));
    const constant = { ...of, schedule: { ...of.schedule, kind: "constant" } as const };
    const [long] = await train(constant, { ...bare, validateEvery: 14 }, engine);
    const [short] = await train(constant, { ...bare, steps: 14 }, engine);
    expect(points(long!.curve, "validationError")[0]!.value).toBe(short!.validation.error);
  });

  it("keeps the state where it was lowest, of equal ones that of lowest loss", async () => {
    const [best] = await train(group("backprop", [replica(1, 0.1)]), options, engine);
    const errors = points(best!.curve, "validationError");
    const losses = points(best!.curve, "validationLoss");
    const lowest = Math.min(...errors.map(({ value }) => value));
    const among = losses.filter((_, i) => errors[i]!.value === lowest).sort((a, b) => a.value - b.value);
    expect(best!.metrics["keptStep"]).toBe(among[0]!.step);
    expect(best!.validation).toEqual({ error: lowest, loss: among[0]!.value });
  });

  it("stops training once it has not fallen for so many measurements", async () => {
    const [patient, other] = await train(
      group("backprop", [replica(1, 0.1), replica(1, 1e-9)]),
      { ...options, steps: 400, patience: 3, keep: "last" },
      engine,
    );
    const errors = points(patient!.curve, "validationError").map(({ value }) => value);
    expect(patient!.outcome).toBe("stopped");
    expect(patient!.steps).toBe(7 * errors.length);
    const lowest = Math.min(...errors.slice(0, -3));
    expect(errors.indexOf(lowest)).toBe(errors.length - 4);
    expect(Math.min(...errors.slice(-3))).toBeGreaterThanOrEqual(lowest);
    // It learns nothing: the first measurement is the lowest.
    expect(other).toMatchObject({ outcome: "stopped", steps: 28 });
    expect(points(patient!.curve, "trainLoss").at(-1)!.step).toBe(patient!.steps);
  });
});
