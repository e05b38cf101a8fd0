/** The contract of tasks: what every definition gives, and what a definition of one's own is refused for. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { stream } from "../random/stream.ts";
import { taskCatalogue } from "./catalogue.ts";
import { defineTask, type TaskDefinition } from "./definition.ts";
import { exampleLength, type Task } from "./task.ts";

const sizes = { train: 40, validation: 10, test: 20 };

/** Two half circles; the same points wherever they are drawn. */
const moons = defineTask({
  id: "two-moons",
  summary: "two half circles",
  options: z.strictObject({ noise: z.number().min(0).default(0.1) }),
  shape: () => ({ values: "real", positions: 1, channels: 2, classes: 2 }),
  draw: ({ noise }, { train, validation, test: tested }, { data }) => {
    const drawn = (count: number) => {
      const labels: readonly number[] = Array.from({ length: count }, () => data.integer(2));
      const inputs = labels.map((label) => {
        const angle = Math.PI * data.uniform();
        const [x, y] = [Math.cos(angle), Math.sin(angle)];
        const point = label === 0 ? [x, y] : [1 - x, 0.5 - y];
        return point.map((value) => value + noise * data.normal());
      });
      return { inputs, labels };
    };
    return { train: drawn(train), validation: drawn(validation), test: drawn(tested) };
  },
});

const definitions: readonly TaskDefinition[] = [...taskCatalogue, moons];

describe.each(definitions.map((definition) => ({ id: definition.id, definition })))("$id", ({ definition }) => {
  const options = definition.options.parse({});
  const made = (seed: number): Task => definition.make(options, stream(seed, "task"));

  test("gives examples of the shape that it says, and the sizes asked for", () => {
    const task = made(1);
    expect(task).toMatchObject(definition.shape(options));
    const split = task.draw(sizes, stream(1, "data"));
    for (const set of ["train", "validation", "test"] as const) {
      const { count, inputs, labels } = split[set];
      expect(count).toBe(sizes[set]);
      expect(inputs).toHaveLength(count * exampleLength(task));
      expect(labels).toHaveLength(count);
      expect(inputs).toBeInstanceOf(task.values === "symbols" ? Int32Array : Float32Array);
      expect(labels.every((label) => label >= 0 && label < task.classes)).toBe(true);
      expect(new Set(labels).size).toBeGreaterThan(1);
      if (task.values === "symbols")
        expect((inputs as Int32Array).every((symbol) => symbol >= 0 && symbol < task.channels)).toBe(true);
    }
  });

  test("is a function of its seeds", () => {
    const of = (task: number, data: number) => made(task).draw(sizes, stream(data, "data"));
    expect(of(1, 1)).toEqual(of(1, 1));
    expect(of(1, 2)).not.toEqual(of(1, 1));
  });
});

test("the centres of a mixture are as far apart as is asked, and a nearest centre tells the classes apart", () => {
  const definition = taskCatalogue[1];
  const options = definition.options.parse({ dimensions: 200, classes: 3, separation: 8 });
  const { train } = definition
    .make(options, stream(3, "task"))
    .draw({ train: 3000, validation: 0, test: 0 }, stream(3, "data"));
  const centres = [0, 1, 2].map((label) => {
    const members = [...train.labels.keys()].filter((i) => train.labels[i] === label);
    return Array.from(
      { length: 200 },
      (_, k) => members.reduce((sum, i) => sum + train.inputs[i * 200 + k]!, 0) / members.length,
    );
  });
  const squared = (a: number[], b: number[]) => a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0);
  const distances = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([a, b]) => squared(centres[a!]!, centres[b!]!));
  const rms = Math.sqrt(distances.reduce((sum, one) => sum + one, 0) / 3);
  expect(Math.abs(rms - 8)).toBeLessThan(1.5);
});

test("a task of one's own may be called with options and a seed, and its options are checked", () => {
  const [one, again, other] = [moons({ noise: 0 }, 1), moons({ noise: 0 }, 1), moons({ noise: 0 }, 2)].map((task) =>
    task.draw(sizes, stream(1, "data")),
  );
  expect(again).toEqual(one);
  expect(other).toEqual(one);
  // Without noise all points lie on one of two circles of radius 1.
  const { inputs, labels } = one!.train;
  labels.forEach((label, i) => {
    const [x, y] = [inputs[2 * i]! - label, inputs[2 * i + 1]! - 0.5 * label];
    expect(Math.hypot(x, y)).toBeCloseTo(1, 5);
  });
  expect(() => moons({ noise: -1 })).toThrow("task two-moons.noise: expected number to be >=0, got -1");
});

describe("refusals", () => {
  const card = {
    id: "mine",
    summary: "mine",
    shape: () => ({ values: "real", positions: 2, channels: 1, classes: 2 }) as const,
    draw: () => ({ train: good(2), validation: good(0), test: good(1) }),
  };
  const good = (count: number) => ({
    inputs: new Array<number>(2 * count).fill(0.5),
    labels: new Array<number>(count).fill(1),
  });
  const drawn = (changes: object) => (): unknown =>
    defineTask({ ...card, ...changes })().draw({ train: 2, validation: 0, test: 1 }, stream(0, "data"));

  test("nothing is refused of what is right", () => {
    expect(drawn({})).not.toThrow();
  });
  test.each<[string, object, string]>([
    [
      "an id",
      { id: "a b" },
      'task: id: expected a letter, then letters, digits, ".", "-" and "_" (at most 100), got "a b"',
    ],
    ["no draw", { draw: 1 }, "task mine: expected functions shape and draw, got function and number"],
    [
      "a shape",
      { shape: () => ({ ...card.shape(), classes: 0 }) },
      "task mine: shape.classes: expected number to be >0, got 0",
    ],
    [
      "too few labels",
      { draw: () => ({ ...card.draw(), train: good(1) }) },
      "task mine: train: expected 2 labels, as many as are asked for, got 1",
    ],
    [
      "a set",
      { draw: () => ({ train: good(2), validation: good(0) }) },
      "task mine: test: expected 1 labels, as many as are asked for, got 0",
    ],
    [
      "inputs",
      { draw: () => ({ ...card.draw(), test: { inputs: [1], labels: [0] } }) },
      "task mine: test: expected inputs of 1 examples of 2 numbers, 2 in all, got 1",
    ],
    [
      "a number",
      { draw: () => ({ ...card.draw(), test: { inputs: [1, NaN], labels: [0] } }) },
      "task mine: test: inputs: expected finite numbers of at most 1000000 in size, got NaN in example 0, place 1",
    ],
    [
      "a large number",
      { draw: () => ({ ...card.draw(), test: { inputs: [1, 2e6], labels: [0] } }) },
      "got 2000000 in example 0, place 1",
    ],
    [
      "a label",
      { draw: () => ({ ...card.draw(), test: { inputs: [[1, 2]], labels: [2] } }) },
      "task mine: test: labels: expected whole numbers from 0 to 1, got 2 of example 0",
    ],
    [
      "a symbol",
      {
        shape: () => ({ ...card.shape(), values: "symbols", channels: 3 }),
        draw: () => ({ ...card.draw(), train: { inputs: [0, 1, 2, 3], labels: [0, 1] } }),
      },
      "task mine: train: inputs: expected symbols, whole numbers from 0 to 2, got 3 in example 1, place 1",
    ],
  ])("%s", (_, changes, text) => {
    expect(drawn(changes)).toThrow(text);
  });
});
