export { violation } from "./confirm.ts";
export { type SymmetryFinding, symmetryFindings } from "./findings.ts";
export {
  countProducts,
  type EnumerateOptions,
  enumerateProducts,
  type SymmetryCount,
  symmetryCounts,
} from "./enumerate.ts";
export { keepsFormUnderRecoding, recoded } from "./recode.ts";
export { hasSymmetry, symmetries, type Symmetry, symmetryMeanings } from "./symmetries.ts";
