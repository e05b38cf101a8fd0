export { FormatError, type NumberArray } from "./array.ts";
export { namesInNpz, readNpy, readNpz } from "./read-npz.ts";
export { namesInSafetensors, readSafetensors } from "./read-safetensors.ts";
