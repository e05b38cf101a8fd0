/** Files of one's own for tests: arrays as numpy and safetensors store them, a task and a network as programs. */
import { writeFileSync } from "node:fs";
import { zipSync } from "fflate";

/** An array to be written: numbers in row-major order. */
interface Given {
  readonly descr: "<f4" | "<i4" | "|u1";
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

function bytesOf({ descr, values }: Given): Uint8Array {
  const typed = { "<f4": Float32Array, "<i4": Int32Array, "|u1": Uint8Array }[descr].from(values);
  return new Uint8Array(typed.buffer);
}

/** An array as numpy.lib.format has it, version 1. */
function npyOf(given: Given): Uint8Array {
  const shape = `(${given.shape.join(", ")}${given.shape.length === 1 ? "," : ""})`;
  const text = `{'descr': '${given.descr}', 'fortran_order': False, 'shape': ${shape}, }`;
  const header = text.padEnd(64 * Math.ceil((text.length + 11) / 64) - 11) + "\n";
  const start = [0x93, ...Buffer.from("NUMPY"), 1, 0, header.length & 255, header.length >> 8];
  return new Uint8Array(Buffer.concat([Buffer.from(start), Buffer.from(header), bytesOf(given)]));
}

/** Writes arrays as `numpy.savez_compressed`. */
export function writeNpz(path: string, arrays: Readonly<Record<string, Given>>): void {
  const entries = Object.entries(arrays).map(([name, given]) => [`${name}.npy`, npyOf(given)]);
  writeFileSync(path, zipSync(Object.fromEntries(entries) as Record<string, Uint8Array>));
}

/** Writes arrays as `safetensors.numpy.save_file`. */
export function writeSafetensorsFile(path: string, arrays: Readonly<Record<string, Given>>): void {
  const dtypes = { "<f4": "F32", "<i4": "I32", "|u1": "U8" };
  let at = 0;
  const header = Object.entries(arrays).map(([name, given]) => {
    const from = at;
    at += bytesOf(given).length;
    return [name, { dtype: dtypes[given.descr], shape: given.shape, data_offsets: [from, at] }];
  });
  const text = Buffer.from(JSON.stringify(Object.fromEntries(header)));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, ...Object.values(arrays).map(bytesOf)]));
}

/** Three clouds of `count` points on a circle, and their classes: a number of `seed` moves them all. */
export function clouds(count: number, seed = 0): { readonly x: Given; readonly y: Given } {
  const labels = Array.from({ length: count }, (_, i) => i % 3);
  // A fixed sequence that fills the unit square evenly (Weyl).
  const noise = (i: number, step: number): number => ((i * step + seed * 0.1) % 1) - 0.5;
  const points = labels.flatMap((label, i) => [
    Math.cos((2 * Math.PI * label) / 3) + 0.4 * noise(i, 0.7548776662466927),
    Math.sin((2 * Math.PI * label) / 3) + 0.4 * noise(i, 0.5698402909980532),
  ]);
  return {
    x: { descr: "<f4", shape: [count, 2], values: points },
    y: { descr: "<i4", shape: [count], values: labels },
  };
}

/** Points on rings, with an option. */
export const ringsTask = `import { defineTask, z } from "afferent";
import { angleOf } from "./angle.ts";

export default defineTask({
  id: "rings",
  summary: "points on rings around the origin, one ring for each class",
  options: z.strictObject({ rings: z.int().min(2).default(2), noise: z.number().min(0).default(0.05) }),
  sizes: { train: 60, validation: 12, test: 24 },
  shape: ({ rings }) => ({ values: "real", positions: 1, channels: 2, classes: rings }),
  draw: ({ rings, noise }, { train, validation, test }, { data }) => {
    const some = (count: number) => {
      const labels = Array.from({ length: count }, () => data.integer(rings));
      const inputs = labels.map((label) => {
        const [radius, angle] = [label + 1 + noise * data.normal(), angleOf(data)];
        return [radius * Math.cos(angle), radius * Math.sin(angle)];
      });
      return { inputs, labels };
    };
    return { test: some(test), validation: some(validation), train: some(train) };
  },
});
`;
/** What the task imports. */
export const ringsHelper = "export const angleOf = (data: { uniform(): number }) => 2 * Math.PI * data.uniform();\n";

/** Two dense layers, as wide as the task has classes. */
export const ownNetwork = `import { defineNetwork } from "afferent";

export default defineNetwork(({ classes }) => ({
  activation: "tanh",
  bias: "shared",
  layers: [
    { kind: "dense", width: 8 * classes },
    { kind: "dense", width: 6 },
  ],
}));
`;
