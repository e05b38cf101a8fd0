/** The certificates of a report are those of the study's own sizes. */
import { expect, it } from "vitest";
import { PlannedModels } from "../../study/run/planned-model.ts";
import { expand } from "../../study/spec/expand.ts";
import { defineStudy } from "../../study/spec/study.ts";
import { summarise } from "../../study/summary/summary.ts";
import { syntheticRow } from "../../study/summary/synthetic-rows.ts";
import { certificatesOf } from "./page.ts";

const planned = expand(
  defineStudy({
    name: "sizes",
    question: "?",
    base: {
      task: { v: 4, m: 2 },
      data: { train: 16, validation: 4, test: 4 },
      network: { width: 4 },
      train: { batch: 4 },
    },
    grid: { rule: ["backprop", "frozen"], "task.depth": [2, 3], "network.width": [4, 6] },
  }),
);
const models = new PlannedModels();
const rows = planned.map((run) => {
  const { certificate, digest, undeclared } = models.of(run.spec);
  return syntheticRow(run, { knows: { certificate, graph: digest, compiled: "", undeclared, rule: undefined } });
});
const cells = summarise(planned, rows);

it("certifies every size that the study has, and tells apart those at which a rule must know something else", () => {
  const certificates = certificatesOf(cells, models);
  expect(certificates.every((rule) => "certificate" in rule)).toBe(true);
  // With a layer more there are the weights of a layer more; a width changes the numbers that arrive from outside.
  expect(certificates.map(({ label }) => label)).toEqual([
    "backprop, task.depth=2 network.width=4",
    "backprop, task.depth=2 network.width=6",
    "backprop, task.depth=3 network.width=4",
    "backprop, task.depth=3 network.width=6",
    "frozen",
  ]);
  const layers = certificates.map((rule) => ("certificate" in rule ? rule.certificate.layers.length : 0));
  expect(new Set(layers.slice(0, 2)).size).toBe(1);
  expect(layers[2]).toBe((layers[0] ?? 0) + 1);
  const graphs = certificates.flatMap((rule) => ("graph" in rule ? rule.graph.split(", ") : []));
  const digests = new Set(planned.map(({ spec }) => models.of(spec).digest));
  expect(new Set(graphs)).toEqual(digests);
});

it("takes what a stored run knew, of the graph that ran", () => {
  const [first] = planned;
  const { certificate } = models.of(first!.spec);
  const knows = { certificate, graph: "0123456789abcdef", compiled: "", undeclared: [], rule: undefined };
  const stored = summarise(planned, [syntheticRow(first!, { knows })]);
  const [own] = certificatesOf(stored, models);
  expect(own).toMatchObject({ label: "backprop", graph: "0123456789abcdef" });
  const [backprop, frozen, ...more] = certificatesOf(summarise(planned, []), models);
  expect(backprop).toMatchObject({ label: "backprop", graph: models.of(first!.spec).digest });
  expect(frozen).toMatchObject({ label: "frozen" });
  expect(more).toEqual([]);
});
