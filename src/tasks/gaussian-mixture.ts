/** Classes that are normal clouds around random centres: the least task of real numbers, whose best error is known. */
import { z } from "zod";
import { type Random, stream } from "../random/stream.ts";
import { plainTask, type TaskDefinition } from "./definition.ts";
import type { Examples, SplitSizes, Task, TaskShape } from "./task.ts";

const count = z.int().positive();
const options = z.strictObject({
  dimensions: count.default(16).describe("numbers of an example"),
  classes: count.default(4).describe("number of classes, one cloud each"),
  separation: z
    .number()
    .min(0)
    .default(3)
    .describe("root mean square distance of two centres, in standard deviations of a cloud"),
});
type Options = z.output<typeof options>;

const shapeOf = ({ dimensions, classes }: Options): TaskShape => ({
  values: "real",
  positions: 1,
  channels: dimensions,
  classes,
});

function make(settled: Options, random: Random): Task {
  const { dimensions, classes, separation } = settled;
  // Two centres differ by a normal of twice the variance, in every dimension.
  const centres = new Float32Array(classes * dimensions);
  random.fillNormal(centres, separation / Math.sqrt(2 * dimensions));
  const drawn = (size: number, from: Random): Examples => {
    const labels = Int32Array.from({ length: size }, () => from.integer(classes));
    const inputs = new Float32Array(size * dimensions);
    from.fillNormal(inputs, 1);
    labels.forEach((label, i) => {
      for (let k = 0; k < dimensions; k++)
        inputs[i * dimensions + k] = (inputs[i * dimensions + k] ?? 0) + (centres[label * dimensions + k] ?? 0);
    });
    return { count: size, inputs, labels };
  };
  const draw = ({ train, validation, test }: SplitSizes, from: Random): ReturnType<Task["draw"]> => {
    // A stream a set: of one seed, a larger training set is tested on the same examples.
    const [forTest, forValidation, forTrain] = ["test", "validation", "train"].map((set) =>
      stream(from.integer(2 ** 52), set),
    ) as [Random, Random, Random];
    return { test: drawn(test, forTest), validation: drawn(validation, forValidation), train: drawn(train, forTrain) };
  };
  return plainTask("gaussian-mixture", shapeOf(settled), draw);
}

export const gaussianMixtureDefinition = {
  id: "gaussian-mixture",
  title: "Gaussian mixture",
  summary: "real numbers: a normal cloud around a random centre for each class",
  options,
  shape: shapeOf,
  make,
  refuseLarge: ({ dimensions, classes }, { example, kept }) => {
    if (dimensions > example)
      throw new Error(
        `task.dimensions: expected at most ${example}, got ${dimensions}; task.dimensions=${example} fits`,
      );
    if (dimensions * classes <= kept) return;
    throw new Error(
      `task.classes: expected centres of at most ${kept} numbers, got ${classes} * ${dimensions}; ` +
        `task.classes=${Math.floor(kept / dimensions)} fits`,
    );
  },
} as const satisfies TaskDefinition<typeof options>;
