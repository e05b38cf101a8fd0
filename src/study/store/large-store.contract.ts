/** A store as a large study leaves it, for the slow test and the measurement of speed: many small files, true certificates, made-up numbers. */
import { writeManifest } from "./manifest.ts";
import { openStore } from "./store.ts";
import { planStudy } from "../run/plan.ts";
import { type Study, defineStudy } from "../spec/study.ts";
import { syntheticRow } from "../summary/synthetic-rows.ts";

/** A study of ten rules, ten amounts of data, ten learning rates and `seeds` seeds: 1000 runs a seed. */
export function largeStudy(seeds: number): Study {
  return defineStudy({
    name: "large",
    question: "How long does it take to look at many runs?",
    base: { task: { v: 8, m: 4, depth: 2 }, data: { train: 200, validation: 64, test: 64 } },
    grid: {
      rule: [
        ...["backprop", "feedback-alignment", "direct-feedback-alignment", "info-nce", "frozen", "oja", "sign-dfa"],
        ...["kolen-pollack", "weight-mirror", "vicreg"],
      ],
      "data.train": [100, 120, 140, 160, 180, 200, 220, 240, 260, 280],
      seed: Array.from({ length: seeds }, (_, seed) => seed),
    },
    tune: { over: { "train.learningRate": [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1] } },
  });
}

/** Writes the runs of the study in groups of `each`, a file of rows and one of curves for each group, as workers do. */
export async function writeLargeStore(folder: string, study: Study, each: number, points = 40): Promise<number> {
  const { runs: planned, models } = planStudy(study);
  const store = await openStore(folder);
  await writeManifest(folder, {
    name: study.name,
    question: study.question,
    command: "afferent run large.ts",
    runs: planned.map(({ run }) => run),
    axes: {},
    startedAt: "2026-01-01T00:00:00.000Z",
    study,
  });
  // Runs of a group share their model, so that they share its certificate.
  const ordered = [...planned].sort((a, b) => (a.spec.rule.id < b.spec.rule.id ? -1 : 1));
  for (let from = 0; from < ordered.length; from += each) {
    const rows = ordered.slice(from, from + each).map((run, i) => {
      const { certificate, digest, undeclared } = models.of(run.spec);
      const error = ((from + i) % 97) / 120;
      return syntheticRow(run, {
        study: study.name,
        ...{ trainError: error / 2, validationError: error, testError: error },
        knows: { certificate, graph: digest, compiled: digest, undeclared, rule: undefined },
      });
    });
    const curves = rows.flatMap(({ run }, i) =>
      ["trainLoss", "trainError"].flatMap((metric) =>
        Array.from({ length: points }, (_, at) => ({ run, step: 50 * at, metric, value: 1 / (1 + at + i / 7) })),
      ),
    );
    await store.writeGroup(rows, curves);
  }
  await store.close();
  return planned.length;
}
