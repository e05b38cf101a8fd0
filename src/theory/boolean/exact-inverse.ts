/** The inverse of a matrix of whole numbers, without rounding. */

/** An inverse as `numerators` / `denominator`, in lowest terms, the denominator positive. */
export interface ExactInverse {
  readonly numerators: readonly (readonly number[])[];
  readonly denominator: number;
}

/**
 * Inverts a symmetric positive definite matrix of whole numbers, as second moments of independent inputs are, by fraction-free elimination
 * (Bareiss 1968): every entry on the way is a minor, hence whole, and no pivot is 0. Throws when the result passes 2^53.
 */
export function exactInverse(a: readonly (readonly number[])[]): ExactInverse {
  const n = a.length;
  const rows = a.map((row, i) => [...row.map(BigInt), ...row.map((_, j) => (i === j ? 1n : 0n))]);
  let previous = 1n;
  for (let k = 0; k < n; k++) {
    const pivotRow = rows[k] ?? [];
    const pivot = pivotRow[k] ?? 0n;
    // Above the diagonal too, so that det(A) is left on the diagonal.
    for (const row of rows) {
      if (row === pivotRow) continue;
      const factor = row[k] ?? 0n;
      for (let j = 0; j < 2 * n; j++) row[j] = ((row[j] ?? 0n) * pivot - factor * (pivotRow[j] ?? 0n)) / previous;
    }
    previous = pivot;
  }
  const entries = rows.map((row) => row.slice(n));
  const divisor = entries.flat().reduce(greatestCommonDivisor, previous);
  return {
    numerators: entries.map((row) => row.map((entry) => asNumber(entry / divisor))),
    denominator: asNumber(previous / divisor),
  };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? (a < 0n ? -a : a) : greatestCommonDivisor(b, a % b);
}

function asNumber(value: bigint): number {
  const result = Number(value);
  if (Number.isSafeInteger(result)) return result;
  throw new RangeError(`internal: expected an inverse in whole numbers below 2^53, got ${String(value)}`);
}
