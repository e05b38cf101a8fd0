/**
 * Arrays out of a safetensors file: 8 bytes with the length of a header, the header as JSON, then the numbers
 * (https://github.com/huggingface/safetensors#format).
 */
import { elementKinds, FormatError, type NumberArray, readElements } from "./array.ts";

const kinds: Readonly<Record<string, (typeof elementKinds)[keyof typeof elementKinds]>> = {
  ...{ BOOL: elementKinds.bool, I8: elementKinds.int8, U8: elementKinds.uint8, I16: elementKinds.int16 },
  ...{ U16: elementKinds.uint16, I32: elementKinds.int32, U32: elementKinds.uint32, I64: elementKinds.int64 },
  ...{ U64: elementKinds.uint64, F16: elementKinds.float16, BF16: elementKinds.bfloat16 },
  ...{ F32: elementKinds.float32, F64: elementKinds.float64 },
};

/** The names of the tensors in a file. Throws FormatError for a file that is none. */
export function namesInSafetensors(file: Uint8Array): string[] {
  return Object.keys(headerOf(file).tensors);
}

/** The texts that were written beside the tensors, by name. Throws FormatError for a file that is none. */
export function metadataInSafetensors(file: Uint8Array): Readonly<Record<string, string>> {
  return headerOf(file).metadata;
}

/** The tensors of these names, those that are there. Throws FormatError that begins with the tensor. */
export function readSafetensors(file: Uint8Array, wanted: readonly string[]): Readonly<Record<string, NumberArray>> {
  const { tensors, start } = headerOf(file);
  const found = wanted.filter((name) => Object.hasOwn(tensors, name));
  return Object.fromEntries(found.map((name) => [name, tensorAt(file, start, name, tensors[name])]));
}

interface Header {
  readonly tensors: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly start: number;
}

function headerOf(file: Uint8Array): Header {
  const refuse = (): never => {
    throw new FormatError("expected a safetensors file, got another; write it with safetensors.numpy.save_file");
  };
  if (file.length < 8) return refuse();
  const length = Number(new DataView(file.buffer, file.byteOffset, 8).getBigUint64(0, true));
  if (length > file.length - 8) return refuse();
  try {
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, 8 + length))) as unknown;
    if (typeof header !== "object" || header === null || Array.isArray(header)) return refuse();
    const { __metadata__: metadata = {}, ...tensors } = header as Readonly<Record<string, unknown>>;
    return { tensors, metadata: metadata as Record<string, string>, start: 8 + length };
  } catch {
    return refuse();
  }
}

function tensorAt(file: Uint8Array, start: number, name: string, given: unknown): NumberArray {
  const refuse = (what: string): never => {
    throw new FormatError(`${name}: ${what}`);
  };
  const { dtype, shape, data_offsets: offsets } = (given ?? {}) as Readonly<Record<string, unknown>>;
  const kind = typeof dtype === "string" ? kinds[dtype] : undefined;
  if (kind === undefined)
    return refuse(`expected one of ${Object.keys(kinds).join(", ")}, got elements of dtype ${JSON.stringify(dtype)}`);
  const isSizes = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2)
    return refuse("expected a shape and data_offsets in the header, got others");
  const [from = 0, to = 0] = offsets;
  try {
    return readElements(kind, file.subarray(start + from, start + to), shape);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new FormatError(`${name}: ${cause.message}`, { cause });
  }
}
