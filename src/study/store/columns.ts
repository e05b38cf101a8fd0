/**
 * The columns of the two tables, and a row's way into them and back.
 *
 * Rows: `run`, `study`, `outcome`, `steps`, `message`, `rule` (its id), `ruleOptions` (its options as JSON),
 * `taskOptions` and `taskShape` (options of the task, and what its examples are, as JSON), one column for every
 * other leaf of the specification under its path (`task.v`, `train.learningRate`; NULL when not set), the six losses and errors
 * (NaN when not measured), `metrics` (a map from name to number), `wallSeconds`, `finishedAt`, `provenance.*`, `graph` and `compiled`
 * (names of what was certified and of what ran), `undeclared` (signals read and not claimed, as JSON), `certificate` (as JSON), `ruleSource`
 * (card and source of a rule from a file, as JSON), `taskSource` and `networkSource` (likewise), `spec` (the whole
 * specification as JSON), `groupId` (the group of runs that was computed together; curves carry it too) and `schema` (`schema.ts`).
 * Curves: `run`, `step`, `metric`, `value`, `groupId`.
 *
 * From Python: `duckdb.sql("select * from read_parquet('<store>/rows/*.parquet', union_by_name = true)")`. Those files may hold a
 * run more than once; `query` and the exports do not.
 */
import {
  type DuckDBAppender,
  DuckDBMapValue,
  type JS,
  LIST,
  MAP,
  BIGINT,
  DOUBLE,
  listValue,
  VARCHAR,
} from "@duckdb/node-api";
import type { CurvePoint, Outcome, RunKnowledge, RunOverview, RunRow } from "./rows.ts";
import type { KeptNetwork } from "../run/user-networks.ts";
import type { KeptRule } from "../run/user-rules.ts";
import { type KeptTask, taskOptionsOf, taskShapeOf } from "../run/user-tasks.ts";
import { taskOptionSchemas } from "../spec/task-spec.ts";
import type { RunSpec } from "../spec/spec.ts";
import type { Table } from "./problems.ts";
import { storeSchema } from "./schema.ts";

type ColumnType = "VARCHAR" | "BIGINT" | "DOUBLE" | "BOOLEAN" | "BIGINT[]" | "MAP(VARCHAR, DOUBLE)" | "JSON";

/** Paths to the leaves of a specification; an array is a leaf. */
type Leaf<T, Path extends string = ""> = T extends readonly unknown[]
  ? Path
  : T extends object
    ? { [Key in keyof T & string]-?: Leaf<T[Key], Path extends "" ? Key : `${Path}.${Key}`> }[keyof T & string]
    : Path;

/** By the type that JSON Schema gives a value. */
const columnTypes: Readonly<Record<string, ColumnType>> = {
  integer: "BIGINT",
  number: "DOUBLE",
  boolean: "BOOLEAN",
  string: "VARCHAR",
};

/** One column for each leaf of the specification but the rule and the task: a leaf without its column does not compile. */
const specColumns = {
  taskFile: "VARCHAR",
  "data.train": "BIGINT",
  "data.validation": "BIGINT",
  "data.test": "BIGINT",
  "network.architecture": "VARCHAR",
  "network.width": "BIGINT",
  "network.widths": "BIGINT[]",
  "network.depth": "BIGINT",
  "network.activation": "VARCHAR",
  "network.parametrisation": "VARCHAR",
  "network.bias": "VARCHAR",
  "network.readout": "VARCHAR",
  "network.layers": "JSON",
  networkFile: "VARCHAR",
  ruleFile: "VARCHAR",
  "train.steps": "BIGINT",
  "train.batch": "BIGINT",
  "train.optimiser": "VARCHAR",
  "train.learningRate": "DOUBLE",
  "train.readoutLearningRate": "DOUBLE",
  "train.momentum": "DOUBLE",
  "train.beta1": "DOUBLE",
  "train.beta2": "DOUBLE",
  "train.epsilon": "DOUBLE",
  "train.weightDecay": "DOUBLE",
  "train.schedule": "VARCHAR",
  "train.scheduleDecay": "DOUBLE",
  "train.stopAtLoss": "DOUBLE",
  "train.stopWindow": "BIGINT",
  "train.curveEvery": "BIGINT",
  "train.validateEvery": "BIGINT",
  "train.keep": "VARCHAR",
  "train.patience": "BIGINT",
  probes: "BOOLEAN",
  seed: "BIGINT",
  "seeds.task": "BIGINT",
  "seeds.data": "BIGINT",
  "seeds.init": "BIGINT",
  "seeds.order": "BIGINT",
  "seeds.noise": "BIGINT",
  "engine.device": "VARCHAR",
} as const satisfies Record<Leaf<Omit<RunSpec, "rule" | "task">>, ColumnType>;

/** The id of the task, and one column for each option of the tasks that are shipped. */
const taskColumns: Readonly<Record<string, ColumnType>> = {
  "task.id": "VARCHAR",
  ...Object.fromEntries(
    [...taskOptionSchemas().values()].flatMap(({ properties = {} }) =>
      Object.entries(properties).map(([name, { type }]) => [`task.${name}`, columnTypes[type ?? ""] ?? "JSON"]),
    ),
  ),
};

interface Column<Item> {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (item: Item, groupId: string) => unknown;
}

/** The columns of `rows/`, in order. */
export const rowColumns: readonly Column<RunRow>[] = [
  { name: "run", type: "VARCHAR", of: (row) => row.run },
  { name: "study", type: "VARCHAR", of: (row) => row.study },
  { name: "outcome", type: "VARCHAR", of: (row) => row.outcome },
  { name: "steps", type: "BIGINT", of: (row) => row.steps },
  { name: "message", type: "VARCHAR", of: (row) => row.message },
  { name: "rule", type: "VARCHAR", of: (row) => row.spec.rule.id },
  { name: "ruleOptions", type: "VARCHAR", of: ({ spec }) => JSON.stringify({ ...spec.rule, id: undefined }) },
  {
    name: "taskOptions",
    type: "JSON",
    of: ({ spec }) => taskOptionsOf(spec.task),
  },
  { name: "taskShape", type: "JSON", of: ({ spec }) => taskShapeOf(spec.task) },
  ...Object.entries({ ...taskColumns, ...specColumns }).map(([name, type]) => ({
    ...{ name, type },
    of: (row: RunRow) => leaf(row.spec, name),
  })),
  { name: "trainLoss", type: "DOUBLE", of: (row) => row.trainLoss },
  { name: "trainError", type: "DOUBLE", of: (row) => row.trainError },
  { name: "validationLoss", type: "DOUBLE", of: (row) => row.validationLoss },
  { name: "validationError", type: "DOUBLE", of: (row) => row.validationError },
  { name: "testLoss", type: "DOUBLE", of: (row) => row.testLoss },
  { name: "testError", type: "DOUBLE", of: (row) => row.testError },
  { name: "metrics", type: "MAP(VARCHAR, DOUBLE)", of: (row) => row.metrics },
  { name: "wallSeconds", type: "DOUBLE", of: (row) => row.wallSeconds },
  { name: "finishedAt", type: "VARCHAR", of: (row) => row.finishedAt },
  { name: "provenance.afferent", type: "VARCHAR", of: (row) => row.provenance.afferent },
  { name: "provenance.commit", type: "VARCHAR", of: (row) => row.provenance.commit },
  { name: "provenance.engine", type: "VARCHAR", of: (row) => row.provenance.engine },
  { name: "provenance.node", type: "VARCHAR", of: (row) => row.provenance.node },
  { name: "provenance.machine", type: "VARCHAR", of: (row) => row.provenance.machine },
  { name: "provenance.threads", type: "BIGINT", of: (row) => row.provenance.threads },
  { name: "provenance.replicas", type: "BIGINT", of: (row) => row.provenance.replicas },
  { name: "graph", type: "VARCHAR", of: (row) => row.knows?.graph },
  { name: "compiled", type: "VARCHAR", of: (row) => row.knows?.compiled },
  { name: "undeclared", type: "VARCHAR", of: (row) => row.knows && JSON.stringify(row.knows.undeclared) },
  { name: "certificate", type: "VARCHAR", of: (row) => row.knows && JSON.stringify(row.knows.certificate) },
  { name: "ruleSource", type: "VARCHAR", of: (row) => row.knows?.rule && JSON.stringify(row.knows.rule) },
  { name: "taskSource", type: "JSON", of: (row) => row.knows?.task },
  { name: "networkSource", type: "JSON", of: (row) => row.knows?.network },
  { name: "spec", type: "VARCHAR", of: (row) => JSON.stringify(row.spec) },
  { name: "groupId", type: "VARCHAR", of: (_, groupId) => groupId },
  { name: "schema", type: "BIGINT", of: () => storeSchema },
];

/** The columns of `curves/`, in order. */
export const curveColumns: readonly Column<CurvePoint>[] = [
  { name: "run", type: "VARCHAR", of: (point) => point.run },
  { name: "step", type: "BIGINT", of: (point) => point.step },
  { name: "metric", type: "VARCHAR", of: (point) => point.metric },
  { name: "value", type: "DOUBLE", of: (point) => point.value },
  { name: "groupId", type: "VARCHAR", of: (_, groupId) => groupId },
];

/** Names and types of a table's columns, in order. */
export function columnsOf(table: Table): readonly { readonly name: string; readonly type: string }[] {
  return (table === "rows" ? rowColumns : curveColumns).map(({ name, type }) => ({ name, type: sqlTypeOf(type) }));
}

/** Columns that say again what `spec` says, or what no row has. */
const repeated: ReadonlySet<string> = new Set([
  ...[...Object.keys(taskColumns), ...Object.keys(specColumns)],
  ...["rule", "ruleOptions", "taskOptions", "taskShape", "groupId", "schema"],
]);

/** The columns that `rowOf` reads, as they stand in SELECT; the others repeat what `spec` says. */
export const columnsOfRow = rowColumns
  .map(({ name }) => name)
  .filter((name) => !repeated.has(name))
  .map((name) => `"${name}"`)
  .join(", ");

/** Those of them that hold long JSON which many rows share. */
export const sharedColumns = ["certificate", "undeclared", "ruleSource"] as const;

/** The columns that `overviewOf` reads. */
export const overviewColumns =
  "run, study, rule, outcome, steps, trainError, validationError, testError, finishedAt, undeclared";

/** The columns as they stand in `CREATE TABLE`. */
export function columnList(columns: readonly { readonly name: string; readonly type: string }[]): string {
  return columns.map(({ name, type }) => `"${name}" ${type}`).join(", ");
}

/** JSON is text in a file. */
function sqlTypeOf(type: ColumnType): string {
  return type === "JSON" ? "VARCHAR" : type;
}

/** Appends records to a DuckDB table that has these columns. `undefined` becomes NULL; NaN and infinities stay what they are. */
export function appendRecords<Item>(
  appender: DuckDBAppender,
  columns: readonly Column<Item>[],
  records: readonly Item[],
  groupId: string,
): void {
  for (const record of records) {
    for (const { type, of } of columns) appendValue(appender, type, of(record, groupId));
    appender.endRow();
  }
}

function appendValue(appender: DuckDBAppender, type: ColumnType, value: unknown): void {
  if (value === undefined || value === null) {
    appender.appendNull();
    return;
  }
  switch (type) {
    case "VARCHAR":
      appender.appendVarchar(value as string);
      break;
    case "JSON":
      appender.appendVarchar(JSON.stringify(value));
      break;
    case "BIGINT":
      appender.appendBigInt(BigInt(value as number));
      break;
    case "DOUBLE":
      appender.appendDouble(value as number);
      break;
    case "BOOLEAN":
      appender.appendBoolean(value as boolean);
      break;
    case "BIGINT[]":
      appender.appendList(listValue((value as readonly number[]).map(BigInt)), LIST(BIGINT));
      break;
    case "MAP(VARCHAR, DOUBLE)":
      appender.appendMap(
        new DuckDBMapValue(
          Object.entries(value as Record<string, number>).map(([key, item]) => ({ key, value: item })),
        ),
        MAP(VARCHAR, DOUBLE),
      );
      break;
    default:
      return type satisfies never;
  }
}

/** What stands for a shared column: undefined for none. */
export type Shared = (column: (typeof sharedColumns)[number], key: JS) => unknown;

interface Reader {
  readonly text: (name: string) => string;
  readonly number: (name: string) => number;
  readonly count: (name: string) => number;
}

/** Reads a record; a column that an older file lacks reads as NaN, 0 or "". */
function readerOf(record: Readonly<Record<string, JS>>): Reader {
  return {
    text: (name) => (record[name] ?? "") as string,
    number: (name) => Number(record[name] ?? NaN),
    count: (name) => Number(record[name] ?? 0),
  };
}

/** What a list shows of a record of the `runs` view. */
export function overviewOf(record: Readonly<Record<string, JS>>): RunOverview {
  const { text, number, count } = readerOf(record);
  return {
    run: text("run"),
    study: text("study"),
    rule: text("rule"),
    outcome: text("outcome") as Outcome,
    steps: count("steps"),
    trainError: number("trainError"),
    validationError: number("validationError"),
    testError: number("testError"),
    finishedAt: text("finishedAt"),
    undeclared: text("undeclared") === "" ? [] : (JSON.parse(text("undeclared")) as RunOverview["undeclared"]),
  };
}

/** The row a record of the `runs` view holds, with the keys of its shared columns in their place. */
export function rowOf(record: Readonly<Record<string, JS>>, shared: Shared): RunRow {
  const { text, number, count } = readerOf(record);
  const metrics = (record["metrics"] ?? []) as { key: string; value: number }[];
  return {
    run: text("run"),
    study: text("study"),
    spec: JSON.parse(text("spec")) as RunSpec,
    outcome: text("outcome") as Outcome,
    steps: count("steps"),
    message: text("message"),
    trainLoss: number("trainLoss"),
    trainError: number("trainError"),
    validationLoss: number("validationLoss"),
    validationError: number("validationError"),
    testLoss: number("testLoss"),
    testError: number("testError"),
    metrics: Object.fromEntries(metrics.map(({ key, value }) => [key, value])),
    wallSeconds: number("wallSeconds"),
    finishedAt: text("finishedAt"),
    provenance: {
      afferent: text("provenance.afferent"),
      commit: text("provenance.commit"),
      engine: text("provenance.engine"),
      node: text("provenance.node"),
      machine: text("provenance.machine"),
      threads: count("provenance.threads"),
      replicas: count("provenance.replicas"),
    },
    knows: knowledgeIn(text, (column) => shared(column, record[column] ?? null)),
  };
}

function knowledgeIn(
  text: (name: string) => string,
  shared: (column: (typeof sharedColumns)[number]) => unknown,
): RunKnowledge | undefined {
  const certificate = shared("certificate");
  if (certificate === undefined) return undefined;
  const rule = shared("ruleSource");
  return {
    certificate: certificate as RunKnowledge["certificate"],
    graph: text("graph"),
    compiled: text("compiled"),
    undeclared: shared("undeclared") as RunKnowledge["undeclared"],
    ...(rule === undefined ? {} : { rule: rule as KeptRule }),
    ...(text("taskSource") === "" ? {} : { task: JSON.parse(text("taskSource")) as KeptTask }),
    ...(text("networkSource") === "" ? {} : { network: JSON.parse(text("networkSource")) as KeptNetwork }),
  };
}

function leaf(spec: RunSpec, path: string): unknown {
  let value: unknown = spec;
  for (const key of path.split(".")) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value;
}
