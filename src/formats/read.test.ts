/** Reading numpy's and safetensors' files: the numbers that were written, and words for files that are not read. */
import { describe, expect, test } from "vitest";
import { packedNpz, plainNpz, safetensorsFile } from "./files.contract.ts";
import { namesInNpz, readNpy, readNpz } from "./read-npz.ts";
import { namesInSafetensors, readSafetensors } from "./read-safetensors.ts";

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const thirds = range(12).map((i) => i / 3);

/** What was written, by name: dtype, shape, numbers. */
const written: Readonly<Record<string, readonly [string, readonly number[], readonly number[]]>> = {
  u1: ["uint8", [3, 4], range(12)],
  i4: ["int32", [3, 4], range(12).map((i) => i - 5)],
  i8: ["int64", [3, 4], range(12).map((i) => i - 5)],
  f4: ["float32", [3, 4], thirds.map(Math.fround)],
  f8: ["float64", [3, 4], thirds],
  big: ["int32", [3, 4], range(12)],
  fortran: ["float64", [3, 4], thirds],
  fortran3: ["int64", [2, 3, 4], range(24)],
  flag: ["bool", [3, 4], range(12).map((i) => Number(i % 2 === 0))],
  one: ["int64", [3], [0, 1, 2]],
  scalar: ["int64", [], [5]],
};

describe("npz", () => {
  test.each(Object.keys(written))("compressed: %s", (name) => {
    const { [name]: array } = readNpz(bytesOf(packedNpz), [name]);
    expect([array!.dtype, array!.shape, Array.from(array!.values)]).toEqual(written[name]);
  });
  test("half precision", () => {
    const { f2 } = readNpz(bytesOf(packedNpz), ["f2"]);
    Array.from(f2!.values).forEach((value, i) =>
      expect(Math.abs(value - i / 3)).toBeLessThan(2 ** -10 * Math.max(i / 3, 1)),
    );
    expect(Array.from(f2!.values)[3]).toBe(1);
  });
  test("as they are", () => {
    const file = bytesOf(plainNpz);
    expect(namesInNpz(file)).toEqual(["i4", "fortran"]);
    const { i4, fortran } = readNpz(file, ["i4", "fortran", "missing"]);
    expect(Array.from(i4!.values)).toEqual(written["i4"]![2]);
    expect(Array.from(fortran!.values)).toEqual(thirds);
  });
  test.each<[string, () => unknown, string]>([
    [
      "text",
      () => readNpz(bytesOf(packedNpz), ["text"]),
      'text: expected integers, booleans or real numbers, got elements of dtype "<U1"; convert them with astype',
    ],
    [
      "no zip",
      () => readNpz(new Uint8Array(40), ["i4"]),
      "expected an .npz file, a zip of arrays, got another; write it with numpy.savez",
    ],
    [
      "a zip cut off",
      () => readNpz(bytesOf(plainNpz).slice(0, 400), ["i4"]),
      "expected a whole .npz file, got one that cannot be unpacked",
    ],
    ["no npy", () => readNpy(new Uint8Array(40)), "expected an array as numpy stores it (.npy), got other bytes"],
  ])("%s", (_, read, text) => {
    expect(read).toThrow(text);
  });
  test("an array that is cut off", () => {
    const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n";
    const file = new Uint8Array([
      0x93,
      ...Buffer.from("NUMPY"),
      1,
      0,
      header.length,
      0,
      ...Buffer.from(header),
      ...new Array<number>(9).fill(0),
    ]);
    expect(() => readNpy(file)).toThrow("expected 16 bytes of float64 [2], got 9; it may be cut off");
  });
  test("whole numbers that a double does not hold", () => {
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }\n";
    const file = new Uint8Array([
      0x93,
      ...Buffer.from("NUMPY"),
      1,
      0,
      header.length,
      0,
      ...Buffer.from(header),
      ...new Array<number>(8).fill(0x70),
    ]);
    expect(() => readNpy(file)).toThrow("expected whole numbers below 2^53, got 8102099357864587376");
  });
});

describe("safetensors", () => {
  const names = ["u1", "i4", "i8", "f4", "f8", "flag", "one"];
  test.each(names)("%s", (name) => {
    const { [name]: array } = readSafetensors(bytesOf(safetensorsFile), [name]);
    expect([array!.dtype, array!.shape, Array.from(array!.values)]).toEqual(written[name]);
  });
  test("names", () => {
    expect(namesInSafetensors(bytesOf(safetensorsFile)).sort()).toEqual([...names, "f2"].sort());
    expect(readSafetensors(bytesOf(safetensorsFile), ["missing"])).toEqual({});
  });
  const made = (header: object, data = 0): Uint8Array => {
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.length));
    return new Uint8Array(Buffer.concat([length, text, Buffer.alloc(data)]));
  };
  test("bfloat16", () => {
    const file = made({ x: { dtype: "BF16", shape: [1], data_offsets: [0, 2] } }, 2);
    file.set([0xc0, 0x3f], file.length - 2);
    expect(Array.from(readSafetensors(file, ["x"])["x"]!.values)).toEqual([1.5]);
  });
  test.each<[string, Uint8Array, string]>([
    ["other bytes", new Uint8Array([9, 9, 9, 9, 9, 9, 9, 9, 9]), "expected a safetensors file, got another"],
    ["no bytes", new Uint8Array(3), "expected a safetensors file, got another"],
    [
      "a dtype",
      made({ x: { dtype: "C64", shape: [1], data_offsets: [0, 8] } }, 8),
      'x: expected one of BOOL, I8, U8, I16, U16, I32, U32, I64, U64, F16, BF16, F32, F64, got elements of dtype "C64"',
    ],
    [
      "a shape",
      made({ x: { dtype: "F32", data_offsets: [0, 8] } }, 8),
      "x: expected a shape and data_offsets in the header",
    ],
    [
      "data cut off",
      made({ x: { dtype: "F32", shape: [2], data_offsets: [0, 8] } }, 4),
      "x: expected 8 bytes of float32 [2], got 4; it may be cut off",
    ],
  ])("%s", (_, file, text) => {
    expect(() => readSafetensors(file, ["x"])).toThrow(text);
  });
});
