import { describe, expect, it } from "vitest";
import { readSafetensors, writeSafetensors } from "./safetensors.ts";

const given = {
  arrays: {
    "layer1.weight": { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 4, 5, -0) },
    order: { shape: [3], values: Int32Array.of(2, 0, 1) },
    bytes: { shape: [5], values: Uint8Array.of(1, 2, 3, 4, 255) },
    none: { shape: [0], values: new Float32Array(0) },
    one: { shape: [], values: Float32Array.of(7) },
  },
  metadata: { run: "3f2a", text: 'ä "quoted"\n' },
};

describe("safetensors", () => {
  it("are read as they were written", () => {
    expect(readSafetensors(writeSafetensors(given), "file")).toEqual(given);
    // As Node reads files: a part of a larger memory.
    const padded = Buffer.concat([Buffer.alloc(3), writeSafetensors(given)]).subarray(3);
    expect(readSafetensors(padded, "file")).toEqual(given);
  });

  it("are laid out byte for byte as the format says", () => {
    const bytes = writeSafetensors({ arrays: { w: { shape: [2], values: Float32Array.of(1, 2) } }, metadata: {} });
    const text = '{"__metadata__":{},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
    const padded = text.padEnd(Math.ceil(text.length / 8) * 8, " ");
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
  });

  it.each([
    ["cut short", (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1), /one: expected 4 bytes of \[\], got/],
    ["of no bytes", () => new Uint8Array(0), "file: expected a safetensors file, got 0 bytes"],
    ["of another format", () => new TextEncoder().encode("a,b,c,d,e,f,g\n1,2,3,4,5,6,7\n"), "of another format"],
    [
      "with a broken header",
      (bytes: Uint8Array) => bytes.map((byte, i) => (i === 8 ? 65 : byte)),
      "file: expected a safetensors file, got a header that is no JSON",
    ],
    [
      "of another type",
      () => replaced('"dtype":"F32"', '"dtype":"C64"'),
      "file: w: expected numbers of type F32, I32, U8, got C64",
    ],
    [
      "with a wrong shape",
      () => replaced('"shape":[2]', '"shape":[3]'),
      "file: w: expected 12 bytes of [3], got 0 to 8 of 8",
    ],
  ])("%s are refused", (_, spoil, message) => {
    expect(() => readSafetensors(spoil(writeSafetensors(given)), "file")).toThrow(message);
  });
});

function replaced(text: string, by: string): Uint8Array {
  const bytes = writeSafetensors({ arrays: { w: { shape: [2], values: Float32Array.of(1, 2) } }, metadata: {} });
  return Uint8Array.from(Buffer.from(Buffer.from(bytes).toString("latin1").replace(text, by), "latin1"));
}
