/** Arrays of numbers as files hold them: what the readers of this folder give. */

/** Numbers in row-major order. */
export interface NumberArray {
  /** As numpy names it: `float32`, `int64`, `uint8`, `bool`. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** 64-bit integers as doubles, which hold them exactly; 16-bit floats as doubles too. */
  readonly values: ArrayLike<number>;
}

/** A file that is not read: damaged, or of a kind that is not known. Begins with the array, where it is one. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

/** Numbers of an element, and how one is read: `little` is the order of its bytes. */
interface ElementKind {
  readonly dtype: string;
  readonly bytes: number;
  readonly read: (view: DataView, at: number, little: boolean) => number;
}

const wholeOf = (value: bigint): number => {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new FormatError(`expected whole numbers below 2^53, got ${String(value)}; store them as smaller integers`);
  return number;
};

/** The kinds of element that are read. */
export const elementKinds = {
  bool: { dtype: "bool", bytes: 1, read: (view, at) => Number(view.getUint8(at) !== 0) },
  int8: { dtype: "int8", bytes: 1, read: (view, at) => view.getInt8(at) },
  uint8: { dtype: "uint8", bytes: 1, read: (view, at) => view.getUint8(at) },
  int16: { dtype: "int16", bytes: 2, read: (view, at, little) => view.getInt16(at, little) },
  uint16: { dtype: "uint16", bytes: 2, read: (view, at, little) => view.getUint16(at, little) },
  int32: { dtype: "int32", bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  uint32: { dtype: "uint32", bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  int64: { dtype: "int64", bytes: 8, read: (view, at, little) => wholeOf(view.getBigInt64(at, little)) },
  uint64: { dtype: "uint64", bytes: 8, read: (view, at, little) => wholeOf(view.getBigUint64(at, little)) },
  float16: { dtype: "float16", bytes: 2, read: (view, at, little) => halfFrom(view.getUint16(at, little)) },
  bfloat16: { dtype: "bfloat16", bytes: 2, read: (view, at, little) => bfloatFrom(view.getUint16(at, little)) },
  float32: { dtype: "float32", bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  float64: { dtype: "float64", bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
} as const satisfies Readonly<Record<string, ElementKind>>;

/** Sign, exponent of 5 bits, mantissa of 10 (IEEE 754). */
function halfFrom(bits: number): number {
  const sign = bits >> 15 === 0 ? 1 : -1;
  const [exponent, mantissa] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return mantissa === 0 ? sign * Infinity : NaN;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15));
}

/** The upper half of a float32. */
function bfloatFrom(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits * 2 ** 16);
  return view.getFloat32(0);
}

/** Reads all elements of an array. Throws FormatError where the bytes are too few or too many. */
export function readElements(
  { dtype, bytes, read }: ElementKind,
  data: Uint8Array,
  shape: readonly number[],
  { little = true, columnMajor = false }: { readonly little?: boolean; readonly columnMajor?: boolean } = {},
): NumberArray {
  const size = shape.reduce((product, n) => product * n, 1);
  if (data.length !== size * bytes)
    throw new FormatError(
      `expected ${size * bytes} bytes of ${dtype} [${shape.join(", ")}], got ${data.length}; it may be cut off`,
    );
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const values = dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  for (let i = 0; i < size; i++) values[i] = read(view, i * bytes, little);
  return { dtype, shape, values: columnMajor && shape.length > 1 ? rowMajor(values, shape) : values };
}

/** The same numbers with the last index varying fastest, of numbers whose first index does. */
function rowMajor(values: Float32Array | Float64Array, shape: readonly number[]): Float32Array | Float64Array {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, n) => product * n, 1));
  const index = shape.map(() => 0);
  let from = 0;
  return values.map(() => {
    const value = values[from] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [extent, stride, place] = [shape[axis] ?? 1, strides[axis] ?? 1, index[axis] ?? 0];
      if (place + 1 < extent) {
        index[axis] = place + 1;
        from += stride;
        break;
      }
      index[axis] = 0;
      from -= place * stride;
    }
    return value;
  });
}
