/** Certificates of the whole catalogue as JSON. */
import { expect, it } from "vitest";
import { catalogue } from "../../rules/index.ts";
import { typedJson } from "../typed.contract.ts";
import { auditOutput } from "./schema.ts";

it("prints what the schema says for every rule of the catalogue", async () => {
  const printed = await typedJson("audit --all network.width=4 task.depth=2 train.batch=3");
  expect(auditOutput.parse(printed).rules.map(({ rule }) => rule)).toEqual(catalogue.map(({ id }) => id));
});
