/** Random rules of a space, and rules made from others: what an evolution draws on. */
import type { Random } from "../../random/stream.ts";
import { exponentsKey } from "../polynomial/polynomial.ts";
import { type Rational } from "../polynomial/rational.ts";
import { type Candidate, type CandidateTerm, representative, type RuleSpace } from "./space.ts";

/** A random rule: the number of terms uniform, then the products, then the coefficients. */
export function randomCandidate(space: RuleSpace, random: Random): Candidate {
  const count = 1 + random.integer(space.directions.length);
  const products = [...random.sample(space.products.length, count)];
  const coefficients = pick(space.directions[count - 1] ?? [], random);
  return inSpace(
    space,
    products.flatMap((index, i) => term(space, index, coefficients[i])),
  );
}

/** A rule with one change: a term more, one less, another product in a term's place, or another coefficient. */
export function mutated(space: RuleSpace, { terms }: Candidate, random: Random): Candidate {
  const at = random.integer(terms.length);
  const others = terms.filter((_, i) => i !== at);
  const fresh = term(space, random.integer(space.products.length), pick(values(space), random));
  switch (random.integer(4)) {
    case 0:
      return inSpace(space, [...terms, ...fresh]);
    case 1:
      return inSpace(space, others);
    case 2:
      return inSpace(space, [...others, ...fresh]);
    default: {
      const coefficient = pick(values(space), random);
      return inSpace(
        space,
        terms.map((kept, i) => (i === at ? { ...kept, coefficient } : kept)),
      );
    }
  }
}

/** A rule that has each term of two others with probability a half. */
export function crossed(space: RuleSpace, a: Candidate, b: Candidate, random: Random): Candidate {
  const kept = [...a.terms, ...b.terms].filter(() => random.uniform() < 0.5);
  return inSpace(space, kept.length > 0 ? kept : a.terms);
}

/** The rule of the space with these terms: of equal products the first, no more terms than it allows. An empty list stands for the first product. */
function inSpace(space: RuleSpace, terms: readonly CandidateTerm[]): Candidate {
  const byProduct = new Map<string, CandidateTerm>();
  for (const one of terms) {
    const key = exponentsKey(one.exponents);
    if (!byProduct.has(key)) byProduct.set(key, one);
  }
  const kept = [...byProduct.values()].slice(0, space.directions.length);
  return representative(space, kept.length > 0 ? kept : term(space, 0, values(space)[0]));
}

function term(space: RuleSpace, index: number, coefficient: Rational | undefined): CandidateTerm[] {
  const exponents = space.products[index];
  return exponents === undefined || coefficient === undefined ? [] : [{ exponents, coefficient }];
}

function values(space: RuleSpace): readonly Rational[] {
  return space.coefficients.filter(({ numerator }) => numerator !== 0n);
}

function pick<T>(list: readonly T[], random: Random): T {
  const chosen = list[random.integer(list.length)];
  if (chosen === undefined) throw new Error("internal: a choice from an empty list");
  return chosen;
}
