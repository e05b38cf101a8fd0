/**
 * The published JSON Schema (2020-12): what an editor checks and completes run specifications and study files with.
 */
import { z } from "zod";
import type { ValueSchema } from "./keys.ts";
import { isRecord, runSpecJsonSchema, specKeys } from "./keys.ts";
import { StudyShape } from "./study.ts";

type JsonSchema = Record<string, unknown>;

/**
 * JSON Schema of a file that `load.ts` accepts: a study (`#/$defs/study`) or a bare run specification (`#/$defs/runSpec`).
 * Keys of axes and settings are listed with the values they take; options of a rule (`rule.pair`) are open.
 */
export function publishedSchema(): JsonSchema {
  const runSpec = inDefs({ ...runSpecJsonSchema(), title: "Run specification" });
  const study = inDefs({ ...z.toJSONSchema(StudyShape, { io: "input" }), title: "Study" });
  const properties = isRecord(study.properties) ? study.properties : {};
  const axes = keyed((value) => ({
    anyOf: [
      { type: "array", items: value, minItems: 1 },
      { type: "string", description: 'as on the command line: "0..4", "1e-3,1e-2"' },
    ],
  }));
  const tune = isRecord(properties.tune) ? properties.tune : {};
  const by = isRecord(tune.properties) ? tune.properties.by : {};
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "afferent study or run specification",
    anyOf: [{ $ref: "#/$defs/study" }, { $ref: "#/$defs/runSpec" }],
    $defs: {
      runSpec,
      study: {
        ...study,
        properties: {
          $schema: { type: "string" },
          ...properties,
          base: { ...runSpec, title: "What all runs share" },
          grid: { ...axes, description: "every combination is run; seed and seeds.* are repetitions" },
          tune: { ...tune, properties: { over: { ...axes, description: "values to choose from in each cell" }, by } },
          perRule: {
            type: "object",
            additionalProperties: keyed((value) => value),
            description: "settings for one rule only, by rule name",
          },
        },
      },
    },
  };
}

function inDefs(schema: JsonSchema): JsonSchema {
  const inner = { ...schema };
  delete inner.$schema;
  return inner;
}

/** An object schema with every dotted key of the specification, its value's schema put through `wrap`. */
function keyed(wrap: (value: ValueSchema) => JsonSchema | ValueSchema): JsonSchema {
  const properties = [...specKeys()].map(([key, value]) => [key, wrap(value)] as const);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    patternProperties: { "^rule\\.": wrap({}) },
    additionalProperties: false,
  };
}
