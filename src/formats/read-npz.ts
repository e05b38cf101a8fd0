/** Arrays out of numpy's files: .npz (a zip of .npy, deflated or not) and .npy (numpy.lib.format, versions 1 to 3). */
import { unzipSync } from "fflate";
import { elementKinds, FormatError, type NumberArray, readElements } from "./array.ts";

const kinds: Readonly<Record<string, (typeof elementKinds)[keyof typeof elementKinds]>> = {
  ...{ b1: elementKinds.bool, i1: elementKinds.int8, u1: elementKinds.uint8, i2: elementKinds.int16 },
  ...{ u2: elementKinds.uint16, i4: elementKinds.int32, u4: elementKinds.uint32, i8: elementKinds.int64 },
  ...{ u8: elementKinds.uint64, f2: elementKinds.float16, f4: elementKinds.float32, f8: elementKinds.float64 },
};

/** The names of the arrays of an .npz. Throws FormatError for a file that is none. */
export function namesInNpz(file: Uint8Array): string[] {
  const names: string[] = [];
  unzipped(file, (name) => {
    names.push(name);
    return false;
  });
  return names;
}

/** The arrays of these names in an .npz, those that are there; the others are not unpacked. Throws FormatError that begins with the array. */
export function readNpz(file: Uint8Array, wanted: readonly string[]): Readonly<Record<string, NumberArray>> {
  const found = unzipped(file, (name) => wanted.includes(name));
  return Object.fromEntries(
    [...found].map(([name, bytes]) => {
      try {
        return [name, readNpy(bytes)];
      } catch (cause) {
        if (!(cause instanceof FormatError)) throw cause;
        throw new FormatError(`${name}: ${cause.message}`, { cause });
      }
    }),
  );
}

function unzipped(file: Uint8Array, keep: (name: string) => boolean): ReadonlyMap<string, Uint8Array> {
  // Also what would be an empty archive to a reader that looks for its end alone.
  if (file[0] !== 0x50 || file[1] !== 0x4b)
    throw new FormatError("expected an .npz file, a zip of arrays, got another; write it with numpy.savez");
  try {
    const entries = unzipSync(file, { filter: ({ name }) => name.endsWith(".npy") && keep(name.slice(0, -4)) });
    return new Map(Object.entries(entries).map(([name, bytes]) => [name.slice(0, -4), bytes]));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`expected a whole .npz file, got one that cannot be unpacked (${why}); copy it again`, {
      cause,
    });
  }
}

/** The array of an .npy. Throws FormatError for a file that is none, and for elements that are no numbers. */
export function readNpy(file: Uint8Array): NumberArray {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (file.length < 12 || magic.some((byte, i) => file[i] !== byte))
    throw new FormatError("expected an array as numpy stores it (.npy), got other bytes");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const version = view.getUint8(6);
  const start = version === 1 ? 10 : 12;
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  const header = new TextDecoder().decode(file.subarray(start, Math.min(end, file.length)));
  const [, descr] = /'descr':\s*'([^']*)'/.exec(header) ?? [];
  const [, order] = /'fortran_order':\s*(True|False)/.exec(header) ?? [];
  const [, sizes] = /'shape':\s*\(([\d,\s]*)\)/.exec(header) ?? [];
  const [, bytes = "", code = ""] = /^([<>|=]?)(\w+)$/.exec(descr ?? "") ?? [];
  const kind = kinds[code];
  if (kind === undefined)
    throw new FormatError(
      `expected integers, booleans or real numbers, got elements of dtype ${descr === undefined ? "with several fields" : `"${descr}"`}; convert them with astype`,
    );
  if (order === undefined || sizes === undefined)
    throw new FormatError(`expected a header of numpy, got ${header.trim()}`);
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  return readElements(kind, file.subarray(end), shape, { little: bytes !== ">", columnMajor: order === "True" });
}
