/**
 * The expected change of a linear unit in symbols: `M w - (w'Mw) w`.
 *
 * M = E[x x'], mu = E[x], v = E[T x]; `o` multiplies entry by entry; `1` is the vector of ones. What has no name of its own stays an
 * expectation: E[O^2*I] is the vector of E[O^2 x_j].
 */
import { degreeOf, type Exponents, type Polynomial, type Term } from "../polynomial/polynomial.ts";
import { exponentsText, joined } from "../polynomial/print.ts";
import { rationalText } from "../polynomial/rational.ts";

/** E[dw] of a linear unit, O = w.x, as text. */
export function expectedText({ terms }: Polynomial): string {
  return joined(terms, termText);
}

const scalars: Readonly<Record<string, string>> = { O: "(mu'w)", "O^2": "(w'Mw)", "T*O": "(v'w)" };
const vectors: Readonly<Record<string, string>> = { "O*I": "M w", "T*I": "v", I: "mu" };

function termText({ coefficient, constants, averages, exponents }: Term): string {
  const numbers = constants.map(({ name, exponent }) => raised(name, exponent));
  if (coefficient.numerator !== 1n || coefficient.denominator !== 1n) numbers.unshift(rationalText(coefficient));
  const found: string[] = [];
  const take = (of: Exponents, exponent: number): void => {
    const { w: d, ...rest } = of;
    const moment = { ...rest, w: 0 };
    const text = exponentsText(moment);
    if (degreeOf(moment) > 0) {
      if (of.I > 0) found.push(raised(vectors[text] ?? `E[${text}]`, exponent));
      else numbers.push(raised(scalars[text] ?? `E[${text}]`, exponent));
    }
    if (d > 0) found.push(raised("w", d * exponent));
  };
  take(exponents, 1);
  for (const { of, exponent } of averages) take(of, exponent);
  return [...numbers, found.join(" o ") || "1"].join(" ");
}

function raised(text: string, exponent: number): string {
  if (exponent === 1) return text;
  return /^[\w(].*[)\]]$|^\w+$/.test(text) ? `${text}^${exponent}` : `(${text})^${exponent}`;
}
