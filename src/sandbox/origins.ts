/** Where the nodes of a document were written: places in the bundled script become places in the files of the person. */
import { z } from "zod";
import type { RuleBundle } from "./bundle.ts";

const withPlaces = z.looseObject({
  updates: z.looseObject({ origins: z.looseObject({ places: z.array(z.string()) }) }),
});

/** A document, as a process has answered it, with the innermost place in the person's files for each node; nodes without one keep none. */
export function inSources(answer: unknown, placeOf: RuleBundle["placeOf"]): unknown {
  const { data } = withPlaces.safeParse(answer);
  if (data === undefined) return answer;
  const { places } = data.updates.origins;
  const found = places.map((place) => innermost(place, placeOf));
  const kept = found.flatMap((place) => place ?? []);
  const of = listOf(data.updates.origins["of"]).map((index) => {
    const place = typeof index === "number" ? found[index] : undefined;
    return place === undefined ? null : kept.indexOf(place);
  });
  return { ...data, updates: { ...data.updates, origins: { places: kept, of } } };
}

function innermost(places: string, placeOf: RuleBundle["placeOf"]): string | undefined {
  for (const [, line, column] of places.matchAll(/(\d+):(\d+)/g)) {
    const found = placeOf({ line: Number(line), column: Number(column) });
    if (found !== undefined) return found;
  }
  return undefined;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
