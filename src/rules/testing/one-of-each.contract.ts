/** A rule of each family, for what the slow tests do to every rule of the catalogue. */
import { catalogue } from "../index.ts";

/** Ids of the first rule of each family, and of others whose graphs are made in a way of their own. */
export const oneOfEachFamily: readonly string[] = [
  ...new Set([
    ...catalogue
      .filter(({ family }, i) => catalogue.findIndex((rule) => rule.family === family) === i)
      .map(({ id }) => id),
    ...["weight-mirror", "lpl", "bcm", "foldiak", "node-perturbation", "predictive-coding"],
  ]),
];
