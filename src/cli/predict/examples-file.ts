/** Examples that a person gives to a trained network, out of a file. */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { FormatError, namesInNpz, namesInSafetensors, readNpz, readSafetensors } from "../../formats/index.ts";
import { isRecord } from "../../study/spec/keys.ts";
import { UsageError } from "../exit.ts";

/** Rows of numbers, all of one length, and their classes where the file has them. */
export interface ExamplesFile {
  readonly count: number;
  /** Numbers of an example. */
  readonly length: number;
  /** [count, length] */
  readonly values: ArrayLike<number>;
  /** [count] */
  readonly labels?: ArrayLike<number> | undefined;
}

const extensions = [".csv", ".json", ".npz", ".safetensors"] as const;

/** What the arrays of a file are called: as for training, or without saying of which set they are. */
const names = { inputs: ["x", "x_test"], labels: ["y", "y_test"] } as const;

/** Reads examples. Throws Error that begins with the file, and says what was expected and what came. */
export async function readExamples(file: string): Promise<ExamplesFile> {
  const extension = extname(file).toLowerCase();
  if (!extensions.some((known) => known === extension))
    throw new UsageError(`${file}: expected a file ending in ${extensions.join(", ")}, got "${extension || file}"`);
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new Error(
      `${file}: expected a file of examples, got ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      {
        cause,
      },
    );
  });
  try {
    if (extension === ".npz" || extension === ".safetensors") return fromArrays(bytes, extension);
    const text = bytes.toString("utf8");
    return extension === ".csv" ? fromLines(text) : fromJson(text);
  } catch (cause) {
    if (cause instanceof FormatError) throw new Error(`${file}: ${cause.message}`, { cause });
    throw cause;
  }
}

function fromArrays(bytes: Uint8Array, extension: ".npz" | ".safetensors"): ExamplesFile {
  const wanted = [...names.inputs, ...names.labels];
  const arrays = extension === ".npz" ? readNpz(bytes, wanted) : readSafetensors(bytes, wanted);
  const [inputs] = names.inputs.flatMap((name) => arrays[name] ?? []);
  const [labels] = names.labels.flatMap((name) => arrays[name] ?? []);
  if (inputs === undefined) {
    const there = extension === ".npz" ? namesInNpz(bytes) : namesInSafetensors(bytes);
    throw new FormatError(
      `expected an array ${names.inputs.join(" or ")} of examples, got ${there.join(", ") || "none"}`,
    );
  }
  const [count = 0, ...shape] = inputs.shape;
  if (inputs.shape.length < 2)
    throw new FormatError(`expected examples in rows, [examples, numbers], got [${inputs.shape.join(", ")}]`);
  if (labels !== undefined && labels.shape.join() !== String(count))
    throw new FormatError(`expected a class for each of ${count} examples, got [${labels.shape.join(", ")}]`);
  return { count, length: shape.reduce((a, b) => a * b, 1), values: inputs.values, labels: labels?.values };
}

/** Numbers between commas, semicolons or white space; a first line without numbers is a heading. */
function fromLines(text: string): ExamplesFile {
  const lines = text
    .split(/\r?\n/)
    .flatMap((line, i) => (line.trim() === "" ? [] : [{ line: line.trim(), number: i + 1 }]));
  const rows = lines.map(({ line, number }) => ({ number, cells: line.split(/\s*[,;]\s*|\s+/) }));
  const [first, ...others] = rows;
  const hasHeading = first !== undefined && first.cells.every((cell) => Number.isNaN(Number(cell)) || cell === "");
  return fromRows(
    (hasHeading ? others : rows).map(({ cells, number }) => ({
      where: `line ${number}`,
      row: cells.map((cell) => (cell === "" ? NaN : Number(cell))),
      text: cells,
    })),
  );
}

/** A list of lists, or `{ x, y }`. */
function fromJson(text: string): ExamplesFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new FormatError(`expected JSON, got text that is none: ${(cause as Error).message}`, { cause });
  }
  const { x, y } = isRecord(value) ? value : { x: value, y: undefined };
  if (!Array.isArray(x))
    throw new FormatError("expected a list of examples, each a list of numbers, or { x, y }; got neither");
  const examples = fromRows(
    (x as readonly unknown[]).map((row, i) => {
      const cells = Array.isArray(row) ? (row as readonly unknown[]).flat(Infinity) : [row];
      return { where: `example ${i}`, row: cells.map((cell) => (typeof cell === "number" ? cell : NaN)), text: cells };
    }),
  );
  if (y === undefined) return examples;
  if (!Array.isArray(y) || y.length !== examples.count)
    throw new FormatError(`y: expected a class for each of ${examples.count} examples, got another list`);
  return { ...examples, labels: (y as readonly unknown[]).map(Number) };
}

interface Row {
  readonly where: string;
  readonly row: readonly number[];
  readonly text: readonly unknown[];
}

function fromRows(rows: readonly Row[]): ExamplesFile {
  const length = rows[0]?.row.length ?? 0;
  for (const { where, row, text } of rows) {
    if (row.length !== length)
      throw new FormatError(`${where}: expected ${length} numbers, as before, got ${row.length}`);
    const odd = row.findIndex((value) => Number.isNaN(value));
    if (odd >= 0)
      throw new FormatError(`${where}: expected numbers, got ${JSON.stringify(text[odd])} in place ${odd + 1}`);
  }
  if (rows.length === 0) throw new FormatError("expected examples, a row each, got none");
  return { count: rows.length, length, values: rows.flatMap(({ row }) => row) };
}
