/** The learning channels of several rules, measured one after another and compared with backpropagation's. */
import {
  type ChannelOptions,
  type ChannelSummary,
  measureChannel,
  rateClaim,
  type RateClaim,
  summariseChannel,
} from "../../audit/index.ts";
import type { Engine } from "../../runtime/index.ts";
import type { PlannedModels } from "../run/planned-model.ts";
import { groupOf } from "../run/training-group.ts";
import type { ChannelSubject } from "./subjects.ts";

/** What is known of the channels of several rules. */
export interface ChannelComparison {
  readonly summaries: readonly ChannelSummary[];
  /** That backpropagation has the highest rate, at the first and at the last step measured, for bits and for bits of the signs. */
  readonly claims: readonly RateClaim[];
  /** The steps of the claims. */
  readonly ends: readonly number[];
}

/** Trains and measures the runs of every subject. Throws as `measureChannel`, and the signal's reason when aborted. */
export async function measureChannels(
  subjects: readonly ChannelSubject[],
  models: PlannedModels,
  options: ChannelOptions,
  engine: Engine,
  onSubject: (subject: ChannelSubject, index: number) => void = () => undefined,
): Promise<ChannelComparison> {
  const summaries: ChannelSummary[] = [];
  for (const [i, subject] of subjects.entries()) {
    onSubject(subject, i);
    const specs = subject.runs.map(({ spec }) => spec);
    const [first] = specs;
    if (first === undefined) throw new Error("internal: a rule without runs");
    const planned = models.of(first);
    const measured = await measureChannel(groupOf(planned, specs), options, engine);
    summaries.push(summariseChannel(subject.name, planned, specs.length, measured, options.precision));
  }
  const ends = [...new Set([options.at[0] ?? 0, options.at.at(-1) ?? 0])];
  const claims = ends.flatMap((step) =>
    (["bits", "signs"] as const).flatMap((reading) => rateClaim(summaries, "backprop", step, reading) ?? []),
  );
  const compared = claims.filter(({ comparisons }) => comparisons.length > 0);
  return { summaries, claims: summaries.length > 1 ? compared : [], ends };
}
