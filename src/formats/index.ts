export { FormatError, type NumberArray } from "./array.ts";
export { namesInNpz, readNpy, readNpz } from "./read-npz.ts";
export { metadataInSafetensors, namesInSafetensors, readSafetensors } from "./read-safetensors.ts";
export { type NamedArray, type Safetensors, writeSafetensors } from "./write-safetensors.ts";
