/**
 * The version of what a store holds: the column `schema` of every row and the key `schema` of every manifest.
 *
 * It goes up when a file can no longer be read by a program that knows the version before: a column or key that changes its type or
 * meaning, an outcome that is new. A column or key that is only added leaves it as it is.
 *
 *   0  what carries no version: written before there was one. What it lacks reads as NaN, 0, "" or `undefined`.
 *   1  this one.
 */
export const storeSchema = 1;

/** Why a file of a later version is not read. */
export function laterReason(schema: number): string {
  return `written by a later afferent (schema ${schema}; this one reads ${storeSchema}): upgrade to read it`;
}
