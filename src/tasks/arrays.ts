/**
 * Examples out of arrays: `x_train`, `y_train`, and `x_validation`, `y_validation`, `x_test`, `y_test` where there are any. Sets that are not
 * there are drawn from the training examples, which are then fewer.
 */
import { z } from "zod";
import type { Random } from "../random/stream.ts";
import { largestInput, refuseValues } from "./checked-examples.ts";
import { type GivenSizes, plainTask, type TaskDefinition } from "./definition.ts";
import { exampleLength, type Examples, type Inputs, type Split, type SplitSizes, type TaskShape } from "./task.ts";

/** Numbers in row-major order, with their dtype as numpy names it. */
export interface TaskArray {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

const sets = ["train", "validation", "test"] as const;
type SetName = (typeof sets)[number];

/** The arrays of which a task is made: two for each set. */
export const arrayNames = sets.flatMap((set) => [`x_${set}`, `y_${set}`]);

/** What is known of a file of arrays without its numbers: enough to read about results that it gave. */
export interface ArraysCard {
  /** Examples of each set; 0 where there is no such array. */
  readonly examples: SplitSizes;
  /** Of one example: [features] or [positions, channels]. */
  readonly example: readonly number[];
  /** Dtype of the inputs. */
  readonly dtype: string;
  /** Smallest and largest number in the inputs. */
  readonly range: readonly [number, number];
  /** One more than the largest label. */
  readonly classes: number;
}

const isWhole = (dtype: string): boolean => /^(bool|u?int\d+)$/.test(dtype);

/**
 * The card of a file's arrays. Throws Error that begins with `where` for arrays that are missing or do not fit: `names` are those that the
 * file has.
 */
export function cardOfArrays(
  where: string,
  arrays: Readonly<Record<string, TaskArray>>,
  names: readonly string[],
): ArraysCard {
  const refuse = (what: string): never => {
    throw new Error(`${where}: ${what}`);
  };
  const given = sets.filter((set) => {
    const [x, y] = [arrays[`x_${set}`], arrays[`y_${set}`]];
    if (x === undefined && y === undefined && set !== "train") return false;
    if (x !== undefined && y !== undefined) return true;
    return refuse(
      `expected arrays x_${set} and y_${set}, found ${names.length === 0 ? "none" : names.join(", ")}; name them so when the file is written`,
    );
  });
  const all = given.map((set) => ({ set, x: at(arrays, `x_${set}`), y: at(arrays, `y_${set}`) }));
  const [first] = all;
  if (first === undefined) return refuse("internal: a file without training examples");
  const [, ...example] = first.x.shape;
  let classes = 0;
  let [low, high] = [Infinity, -Infinity];
  for (const { set, x, y } of all) {
    const text = (shape: readonly number[]): string => `[${shape.join(", ")}]`;
    if (x.shape.length < 2 || x.shape.length > 3)
      refuse(
        `x_${set}: expected shape [examples, features] or [examples, positions, channels], got ${text(x.shape)}; reshape it`,
      );
    if (x.shape.slice(1).join() !== example.join())
      refuse(`x_${set}: expected examples of shape ${text(example)}, as in x_train, got ${text(x.shape.slice(1))}`);
    if (x.shape.includes(0))
      refuse(`x_${set}: expected at least one example of at least one number, got shape ${text(x.shape)}`);
    if (isWhole(x.dtype) !== isWhole(first.x.dtype))
      refuse(
        `x_${set}: expected ${isWhole(first.x.dtype) ? "integers" : "real numbers"}, as in x_train, got ${x.dtype}`,
      );
    if (!isWhole(y.dtype))
      refuse(`y_${set}: expected classes as integers from 0, got ${y.dtype}; store them with astype("int64")`);
    if (y.shape.reduce((product, n) => product * n, 1) !== x.shape[0] || y.shape[0] !== x.shape[0])
      refuse(
        `y_${set}: expected a class for each of the ${x.shape[0] ?? 0} examples of x_${set}, got shape ${text(y.shape)}`,
      );
    const length = example.reduce((product, n) => product * n, 1);
    for (let i = 0; i < x.values.length; i++) {
      const value = x.values[i] ?? NaN;
      if (!Number.isFinite(value))
        refuse(
          `x_${set}: expected finite numbers, got ${value} in example ${Math.floor(i / length)}, place ${i % length}`,
        );
      if (value < low) low = value;
      if (value > high) high = value;
    }
    for (let i = 0; i < y.values.length; i++) {
      const label = y.values[i] ?? NaN;
      if (!(label >= 0 && label < 2 ** 31))
        refuse(`y_${set}: expected classes from 0, got ${label} of example ${i}; number the classes 0, 1, 2, ...`);
      if (label >= classes) classes = label + 1;
    }
  }
  const count = (set: SetName): number => all.find((one) => one.set === set)?.x.shape[0] ?? 0;
  return {
    examples: { train: count("train"), validation: count("validation"), test: count("test") },
    example,
    dtype: first.x.dtype,
    range: [low, high],
    classes,
  };
}

function at(arrays: Readonly<Record<string, TaskArray>>, name: string): TaskArray {
  const found = arrays[name];
  if (found === undefined) throw new Error(`internal: no array ${name}`);
  return found;
}

/** Options of a task of arrays: what is left out follows from the card. */
function optionsOf({ dtype, example, classes }: ArraysCard) {
  return z.strictObject({
    values: z
      .enum(["symbols", "real"])
      .default(isWhole(dtype) && example.length === 1 ? "symbols" : "real")
      .describe(
        "symbols, shown to the network as one-hot vectors, or real numbers as they are; integers [examples, positions] are symbols",
      ),
    scaling: z
      .enum(["none", "standard"])
      .default("none")
      .describe("standard: every number to mean 0 and standard deviation 1 over the training examples"),
    branching: z.int().min(2).optional().describe("positions in a patch of a tree network; none where it is left out"),
    classes: z
      .int()
      .min(classes, `expected at least ${classes}, one more than the largest label`)
      .default(classes)
      .describe("number of classes"),
  });
}
type Options = z.output<ReturnType<typeof optionsOf>>;

/** The task of arrays with this card; `load` gives the arrays when examples are drawn. */
export function arraysDefinition(
  id: string,
  card: ArraysCard,
  load: () => Readonly<Record<string, TaskArray>>,
): TaskDefinition<ReturnType<typeof optionsOf>> {
  const { examples, dtype } = card;
  return {
    id,
    title: id,
    summary: `${examples.train} training examples of shape [${card.example.join(", ")}], ${dtype}`,
    options: optionsOf(card),
    shape: (options) => shapeOf(card, options),
    make: (options) => {
      const shape = shapeOf(card, options);
      return plainTask(id, shape, (sizes, random) => draw(card, shape, options, load(), sizes, random));
    },
    refuseSizes: (_, sizes) => refuseSizes(examples, sizes),
    sizes: (_, given) => sizesOf(examples, given),
  };
}

function shapeOf({ example, range: [low, high], dtype }: ArraysCard, options: Options): TaskShape {
  const { values, scaling, branching, classes } = options;
  const [positions = 1, channels = 1] = example;
  const tree = branching === undefined ? {} : { branching };
  if (values === "real") {
    if (scaling === "none" && Math.max(Math.abs(low), Math.abs(high)) > largestInput)
      throw new Error(
        `task: expected numbers of at most ${largestInput} in size, got ${low} to ${high}; task.scaling=standard brings them to size 1`,
      );
    return { values, positions, channels, classes, ...tree };
  }
  if (example.length > 1 || !isWhole(dtype) || low < 0)
    throw new Error(
      `task.values=symbols: expected integers from 0 of shape [examples, positions], got ${dtype} from ${low} to ${high} of shape ` +
        `[examples, ${example.join(", ")}]; task.values=real takes them as numbers`,
    );
  if (scaling !== "none")
    throw new Error("task.scaling: expected none of symbols, got standard; task.values=real takes integers as numbers");
  return { values, positions, channels: high + 1, classes, ...tree };
}

/** Numbers of examples where they are not given: whole sets where the file has them, a tenth and a fifth of the training examples where not. */
function sizesOf(examples: SplitSizes, given: GivenSizes): SplitSizes {
  const { validation = examples.validation || Math.floor(examples.train / 10) } = given;
  const { test = examples.test || Math.floor(examples.train / 5) } = given;
  const held = (examples.validation > 0 ? 0 : validation) + (examples.test > 0 ? 0 : test);
  const { train = Math.max(1, examples.train - held) } = given;
  return { train, validation, test };
}

function refuseSizes(examples: SplitSizes, { train, validation, test }: SplitSizes): void {
  const own = { validation, test };
  for (const set of ["validation", "test"] as const) {
    if (examples[set] > 0 && own[set] > examples[set])
      throw new Error(
        `data.${set}: expected at most the ${examples[set]} examples of x_${set}, got ${own[set]}; lower it`,
      );
  }
  const drawn = [
    ["train", train] as const,
    ...(["validation", "test"] as const).flatMap((set) => (examples[set] > 0 ? [] : [[set, own[set]] as const])),
  ];
  const total = drawn.reduce((sum, [, size]) => sum + size, 0);
  if (total > examples.train)
    throw new Error(
      `data: expected ${drawn.map(([set]) => set).join(" + ")} <= ${examples.train}, the examples of x_train, got ` +
        `${drawn.map(([, size]) => size).join(" + ")} = ${total}; lower ${drawn.map(([set]) => `data.${set}`).join(" or ")}`,
    );
}

/** Sets in the order test, validation, train: with one seed, a larger training set contains the smaller one and is tested on the same examples. */
function draw(
  { examples }: ArraysCard,
  shape: TaskShape,
  { scaling }: Options,
  arrays: Readonly<Record<string, TaskArray>>,
  sizes: SplitSizes,
  random: Random,
): Split {
  refuseSizes(examples, sizes);
  const length = exampleLength(shape);
  const orders = new Map<SetName, { readonly order: Int32Array; next: number }>();
  const taken = (set: SetName): Examples => {
    const from = examples[set] > 0 ? set : "train";
    const pool = orders.get(from) ?? { order: random.permutation(examples[from]), next: 0 };
    orders.set(from, pool);
    const chosen = pool.order.subarray(pool.next, (pool.next += sizes[set]));
    const [x, y] = [at(arrays, `x_${from}`), at(arrays, `y_${from}`)];
    const inputs: Inputs =
      shape.values === "symbols" ? new Int32Array(chosen.length * length) : new Float32Array(chosen.length * length);
    chosen.forEach((example, i) => {
      for (let k = 0; k < length; k++) inputs[i * length + k] = x.values[example * length + k] ?? 0;
    });
    return { count: chosen.length, inputs, labels: chosen.map((example) => y.values[example] ?? 0) };
  };
  const [test, validation, train] = (["test", "validation", "train"] as const).map(taken) as [
    Examples,
    Examples,
    Examples,
  ];
  const split = { train, validation, test };
  return scaling === "standard" ? standardised(split, length, shape) : split;
}

/** Every number less its mean over the training examples, over its standard deviation there; one that never varies is left at 0. */
function standardised({ train, validation, test }: Split, length: number, shape: TaskShape): Split {
  const mean = new Float64Array(length);
  const square = new Float64Array(length);
  train.inputs.forEach((value, i) => (mean[i % length] = (mean[i % length] ?? 0) + value / train.count));
  train.inputs.forEach(
    (value, i) =>
      (square[i % length] = (square[i % length] ?? 0) + (value - (mean[i % length] ?? 0)) ** 2 / train.count),
  );
  const scale = square.map((variance) => (variance > 0 ? 1 / Math.sqrt(variance) : 0));
  const scaled = (name: SetName, examples: Examples): Examples => {
    const inputs = Float32Array.from(
      examples.inputs,
      (value, i) => (value - (mean[i % length] ?? 0)) * (scale[i % length] ?? 0),
    );
    refuseValues(`task: ${name}, scaled`, shape, inputs, length);
    return { ...examples, inputs };
  };
  return { train: scaled("train", train), validation: scaled("validation", validation), test: scaled("test", test) };
}
