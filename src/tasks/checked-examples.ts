/** Examples that somebody else gives: checked number by number, so that nothing else need ask. */
import { exampleLength, type Examples, type TaskShape } from "./task.ts";

/** Examples as they are given: inputs as rows, or all numbers in a row; a class for each. */
export interface GivenExamples {
  readonly inputs: ArrayLike<number> | readonly (readonly number[])[];
  readonly labels: ArrayLike<number>;
}

/** The largest number that may stand in an input: what certificates allow for (`audit/certificate/magnitude.ts`). */
export const largestInput = 1e6;

/** Checks and copies examples. Throws Error that begins with `where` and names the first example that does not fit. */
export function checkedExamples(
  where: string,
  shape: TaskShape,
  given: GivenExamples | undefined,
  count: number,
): Examples {
  const { inputs, labels } = given ?? { inputs: [], labels: [] };
  if (!isList(labels) || !isList(inputs))
    throw new Error(
      `${where}: expected { inputs, labels }, lists of numbers, got ${typeof inputs} and ${typeof labels}`,
    );
  if (labels.length !== count)
    throw new Error(`${where}: expected ${count} labels, as many as are asked for, got ${labels.length}`);
  const length = exampleLength(shape);
  const rows: ArrayLike<number> = Array.isArray(inputs[0])
    ? (inputs as readonly (readonly number[])[]).flat()
    : (inputs as ArrayLike<number>);
  if (rows.length !== count * length)
    throw new Error(
      `${where}: expected inputs of ${count} examples of ${length} ${nounOf(shape)}, ${count * length} in all, got ${rows.length}`,
    );
  refuseValues(where, shape, rows, length);
  refuseLabels(where, labels, shape.classes);
  return {
    count,
    inputs: shape.values === "symbols" ? Int32Array.from(rows) : Float32Array.from(rows),
    labels: Int32Array.from(labels),
  };
}

/** Throws Error for the first input that is not what the shape says. */
export function refuseValues(
  where: string,
  { values, channels }: Pick<TaskShape, "values" | "channels">,
  rows: ArrayLike<number>,
  length: number,
): void {
  const isFit =
    values === "symbols"
      ? (value: number): boolean => Number.isInteger(value) && value >= 0 && value < channels
      : (value: number): boolean => Math.abs(value) <= largestInput;
  const expected =
    values === "symbols"
      ? `symbols, whole numbers from 0 to ${channels - 1}`
      : `finite numbers of at most ${largestInput} in size`;
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i] ?? NaN;
    if (!isFit(value))
      throw new Error(
        `${where}: inputs: expected ${expected}, got ${value} in example ${Math.floor(i / length)}, place ${i % length}`,
      );
  }
}

/** Throws Error for the first label that is no class. */
export function refuseLabels(where: string, labels: ArrayLike<number>, classes: number): void {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? NaN;
    if (!Number.isInteger(label) || label < 0 || label >= classes)
      throw new Error(
        `${where}: labels: expected whole numbers from 0 to ${classes - 1}, got ${label} of example ${i}`,
      );
  }
}

const nounOf = ({ values }: TaskShape): string => (values === "symbols" ? "symbols" : "numbers");

function isList(value: unknown): value is ArrayLike<unknown> {
  return typeof value === "object" && value !== null && "length" in value && typeof value.length === "number";
}
