/**
 * Named arrays as a safetensors file: 8 bytes with the length of a header, the header as JSON, then the numbers, little-endian, row by row
 * (https://github.com/huggingface/safetensors#format).
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

/** The bytes of a file. Arrays are laid out in the order given. */
export function writeSafetensors({ arrays, metadata }: Safetensors): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
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

/** As the format calls the numbers of an array. */
function kindOf(values: NamedArray["values"]): "F32" | "I32" | "U8" {
  if (values instanceof Float32Array) return "F32";
  return values instanceof Int32Array ? "I32" : "U8";
}
