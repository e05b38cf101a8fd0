/**
 * Files of named arrays in the safetensors format (https://github.com/huggingface/safetensors): eight bytes with the length of a header,
 * the header as JSON, then the numbers, little-endian, row by row.
 */

/** An array with its shape, row by row. */
export interface NamedArray {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** What a file holds. */
export interface Safetensors {
  readonly arrays: Readonly<Record<string, NamedArray>>;
  /** Texts that were written with them, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

const kinds = {
  F32: { bytes: 4, of: (buffer: ArrayBuffer) => new Float32Array(buffer) },
  I32: { bytes: 4, of: (buffer: ArrayBuffer) => new Int32Array(buffer) },
  U8: { bytes: 1, of: (buffer: ArrayBuffer) => new Uint8Array(buffer) },
} as const;

type Kind = keyof typeof kinds;

/** A file's name for its texts. */
const metadataName = "__metadata__";

/** More bytes than these a header never has, says the format. */
const largestHeader = 100e6;

/** The bytes of a file. Arrays are laid out in the order given. */
export function writeSafetensors({ arrays, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { [metadataName]: metadata };
  let size = 0;
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    header[name] = { dtype: kindOf(values), shape, data_offsets: [size, size + values.byteLength] };
    size += values.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  // Numbers begin at a multiple of eight bytes: readers map them into memory.
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  bytes.fill(" ".charCodeAt(0), 8 + text.length, 8 + length);
  let at = 8 + length;
  for (const { values } of Object.values(arrays)) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}

/** Reads the bytes of a file that `name` names in messages. Throws Error that says what is wrong with it. */
export function readSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const header = headerOf(bytes, name);
  const { [metadataName]: metadata = {}, ...described } = header.entries;
  const arrays: Record<string, NamedArray> = {};
  for (const [key, entry] of Object.entries(described))
    arrays[key] = arrayOf(bytes, header.end, entry, `${name}: ${key}`);
  return { arrays, metadata: metadata as Record<string, string> };
}

function headerOf(bytes: Uint8Array, name: string): { entries: Record<string, unknown>; end: number } {
  const wrong = (what: string, cause?: unknown): Error =>
    new Error(`${name}: expected a safetensors file, got ${what}`, { cause });
  if (bytes.length < 8) throw wrong(`${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (length > largestHeader || 8 + length > bytes.length)
    throw wrong(`a header of ${length} bytes in a file of ${bytes.length}; it is cut short or of another format`);
  try {
    const entries: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (typeof entries === "object" && entries !== null && !Array.isArray(entries))
      return { entries: entries as Record<string, unknown>, end: 8 + length };
  } catch (error) {
    throw wrong("a header that is no JSON", error);
  }
  throw wrong("a header that is no object");
}

function arrayOf(bytes: Uint8Array, start: number, entry: unknown, where: string): NamedArray {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = (entry ?? {}) as {
    readonly dtype?: string;
    readonly shape?: readonly number[];
    readonly data_offsets?: readonly number[];
  };
  const kind = kinds[dtype as Kind] as (typeof kinds)[Kind] | undefined;
  if (kind === undefined)
    throw new Error(`${where}: expected numbers of type ${Object.keys(kinds).join(", ")}, got ${String(dtype)}`);
  const [from = NaN, to = NaN] = offsets ?? [];
  const count = (shape ?? [NaN]).reduce((product, size) => product * size, 1);
  if (!(from >= 0 && to - from === count * kind.bytes && start + to <= bytes.length))
    throw new Error(
      `${where}: expected ${count * kind.bytes} bytes of [${(shape ?? []).join(", ")}], got ${from} to ${to} of ${bytes.length - start}`,
    );
  // Copied, as a view must begin at a multiple of its numbers' size; not by slice, which of a Buffer is a view.
  return { shape: shape ?? [], values: kind.of(new Uint8Array(bytes.subarray(start + from, start + to)).buffer) };
}

function kindOf(values: NamedArray["values"]): Kind {
  if (values instanceof Float32Array) return "F32";
  return values instanceof Int32Array ? "I32" : "U8";
}
