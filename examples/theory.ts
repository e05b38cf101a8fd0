/** A polynomial rule before it is run: its name, where its weights go, one course of them. Run: npx tsx examples/theory.ts */
import { stream, theory } from "afferent";

const show = (w: ArrayLike<number>): string => `(${Array.from(w, (value) => value.toFixed(2)).join(", ")})`;

const rule = theory.parsePolynomial("O*I - w*O^2");
const { weightDegree, supervised } = theory.propertiesOf(rule);
console.log(`${theory.polynomialText(rule)} is ${theory.recognise(rule)?.known.name ?? "new"}`);
console.log(`of degree ${weightDegree} in the weight, ${supervised ? "supervised" : "unsupervised"}`);

// Inputs of variance 3 and 1: Oja's rule must find the first axis, with a weight vector of length 1.
const covariance = [
  [3, 0],
  [0, 1],
];
const data = theory.fromMoments({ covariance, gaussian: true });
for (const { w, stability } of theory.dynamicsOf(rule, { data }).fixedPoints) {
  console.log(`fixed point ${show(w)}: ${stability}`);
}

const { weights } = theory.simulate(rule, {
  data,
  eta: 0.005,
  steps: 4000,
  start: [0.1, 0.2],
  random: stream(0, "simulation"),
});
console.log(`learned sample by sample, from (0.10, 0.20): ${show(weights.at(-1) ?? [])}`);
