/** Attacks by lot are exposed. */
import { expect, test } from "vitest";
import { range } from "../../graph/index.ts";
import { certify } from "../certificate/certificate.ts";
import { inputLength, networkNamed } from "./attack.ts";
import { generated } from "./generator.ts";

const seeds = range(400);

test("400 attacks by lot are exposed", () => {
  const network = networkNamed("mlp");
  const deceiving = seeds
    .map(generated)
    .filter(({ rule, exposed }) => !exposed(certify(rule(), network, inputLength.mlp)));
  expect(deceiving.map(({ name, why }) => `${name}: ${why}`)).toEqual([]);
});
