import { expect, it } from "vitest";
import { metadataInSafetensors, namesInSafetensors, readSafetensors } from "./read-safetensors.ts";
import { writeSafetensors } from "./write-safetensors.ts";

it("files are read as they were written", () => {
  const arrays = {
    "layer1.weight": { shape: [2, 3], values: Float32Array.of(1, -2, 3.5, 4, 5, -0) },
    order: { shape: [3], values: Int32Array.of(2, 0, -1) },
    bytes: { shape: [5], values: Uint8Array.of(1, 2, 3, 4, 255) },
    none: { shape: [0], values: new Float32Array(0) },
    one: { shape: [], values: Float32Array.of(7) },
  };
  const metadata = { run: "3f2a", text: 'ä "quoted"\n' };
  // As Node reads files: a part of a larger memory.
  const file = Buffer.concat([Buffer.alloc(3), writeSafetensors({ arrays, metadata })]).subarray(3);
  expect(metadataInSafetensors(file)).toEqual(metadata);
  expect(namesInSafetensors(file)).toEqual(Object.keys(arrays));
  const found = readSafetensors(file, Object.keys(arrays));
  for (const [name, { shape, values }] of Object.entries(arrays)) {
    expect([name, found[name]!.shape, Array.from(found[name]!.values)]).toEqual([name, shape, Array.from(values)]);
  }
});

it("files are laid out byte for byte as the format says", () => {
  const bytes = writeSafetensors({ arrays: { w: { shape: [2], values: Float32Array.of(1, 2) } }, metadata: {} });
  const text = '{"__metadata__":{},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}';
  const padded = text.padEnd(Math.ceil(text.length / 8) * 8, " ");
  expect([...bytes.subarray(0, 8)]).toEqual([padded.length, 0, 0, 0, 0, 0, 0, 0]);
  expect(new TextDecoder().decode(bytes.subarray(8, 8 + padded.length))).toBe(padded);
  expect([...bytes.subarray(8 + padded.length)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]);
});
