/** Opening a store for a command, and finding in it the study a person names. */
import { closest } from "fastest-levenshtein";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { makeFolder } from "../study/folder.ts";
import { expand } from "../study/spec/expand.ts";
import { adoptKeptFiles, adoptOwnFiles } from "../study/run/own-files.ts";
import type { Manifest } from "../study/store/manifest.ts";
import { manifests } from "../study/store/manifest.ts";
import type { Store } from "../study/store/store.ts";
import { openStore } from "../study/store/store.ts";
import type { PlannedRun, Study, StudyInput } from "../study/spec/study.ts";
import { defineStudy } from "../study/spec/study.ts";
import { textOf, UsageError } from "./exit.ts";
import { commandName, type Surroundings } from "./surroundings.ts";
import type { Settings } from "./words.ts";

/** The folder of the store: `store.path=...`, else AFFERENT_STORE, else `.afferent` in the working folder. Absolute. */
export function storeFolder({ storePath }: Settings, { env }: Pick<Surroundings, "env">): string {
  const fromEnvironment = env["AFFERENT_STORE"];
  return resolve(
    storePath ?? (fromEnvironment === undefined || fromEnvironment === "" ? ".afferent" : fromEnvironment),
  );
}

/**
 * Opens the store, names damaged files on stderr, and closes the store after use. Throws, for reading, when there is none.
 */
export async function withStore<T>(
  at: Surroundings,
  settings: Settings,
  access: "read" | "write",
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const folder = storeFolder(settings, at);
  if (access === "read" && (await stat(folder).catch(() => undefined)) === undefined) {
    throw new Error(
      `store: expected a folder with results, found nothing at ${folder}; ${commandName(at)} run makes one, store.path=DIR or ` +
        "AFFERENT_STORE names another",
    );
  }
  if (access === "write") await makeStoreFolder(folder);
  const store = await openStore(folder, { access });
  try {
    await compactScattered(at, store);
    for (const { file, reason } of await store.problems()) {
      at.stderr.write(`afferent: ${folder}/${file}: ${reason} (skipped)\n`);
    }
    return await use(store);
  } finally {
    await store.close();
  }
}

/** Beyond so many files a store is merged before it is read: reading them once takes longer. */
const scattered = 512;

/** Merges a store of very many small files, as earlier versions and copies from other stores leave them; says so, since it takes a while. */
async function compactScattered({ stderr }: Surroundings, store: Store): Promise<void> {
  const files = await store.files();
  if (files < scattered) return;
  stderr.write(`afferent: store ${store.folder}: ${files} files are merged into few, once; this takes a while\n`);
  // A store that cannot be written is read as it is.
  await store.compactWhereMany().catch(() => undefined);
}

/** Those of some runs that the store has, if there is a store. */
export async function storedRuns(
  at: Surroundings,
  settings: Settings,
  planned: readonly PlannedRun[],
): Promise<ReadonlySet<string>> {
  const folder = storeFolder(settings, at);
  if ((await stat(folder).catch(() => undefined)) === undefined) return new Set();
  const store = await openStore(folder, { access: "read" });
  try {
    return await store.finished(planned.map(({ run }) => run));
  } finally {
    await store.close();
  }
}

/** Throws where the folder cannot be made; what else is wrong with it, opening the store says. */
async function makeStoreFolder(folder: string): Promise<void> {
  await makeFolder(folder).catch((cause: unknown) => {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new UsageError(
      `store: expected a folder that can be written, got ${folder} (${code}); choose another with store.path=DIR or AFFERENT_STORE`,
      { cause },
    );
  });
}

/** A study as the store knows it. */
export interface StoredStudy {
  readonly manifest: Manifest;
  readonly study: Study;
  readonly planned: readonly PlannedRun[];
}

/** A name for the study started last, wherever a study is named. */
const latestName = "latest";

/**
 * The study with this name, or whose name begins so; of several the one started last, which is said on stderr. Without a name, or as
 * `latest`: the one started last. Throws when there is none.
 */
export async function findStudy(at: Surroundings, store: Store, name: string | undefined): Promise<StoredStudy> {
  const { studies: unsorted, problems } = await manifests(store.folder);
  const damaged = name === undefined ? undefined : problems.find(({ file }) => file === `studies/${name}.json`);
  if (damaged !== undefined) {
    throw new Error(
      `study ${name ?? ""}: expected its manifest ${store.folder}/${damaged.file}, got one that is not read: ${damaged.reason}`,
    );
  }
  const studies = [...unsorted].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
  const [latest] = studies;
  if (latest === undefined) {
    throw new Error(
      `store: expected at least one study in ${store.folder}, got none; ${commandName(at)} run starts one`,
    );
  }
  if (name === undefined) return readStudy(at, latest);
  const exact = studies.find((study) => study.name === name);
  if (exact !== undefined) return readStudy(at, exact);
  if (name === latestName) return readStudy(at, latest);
  const [first, ...others] = studies.filter((study) => study.name.startsWith(name));
  if (first === undefined) {
    const names = [latestName, ...studies.map((study) => study.name)];
    throw new Error(
      `study: expected a study of the store ${store.folder}, got "${name}"; did you mean ${closest(name, names)}? ` +
        `(${commandName(at)} ls lists all)`,
    );
  }
  if (others.length > 0) {
    at.stderr.write(
      `afferent: study ${name}: ${others.length + 1} studies begin so; this is ${first.name}, started last ` +
        `(${commandName(at)} ls lists all)\n`,
    );
  }
  return readStudy(at, first);
}

/** The definition in a manifest. Throws, saying what is wrong with it. */
function definitionIn({ name, command: typed, study }: Manifest): Study {
  try {
    return defineStudy(study as StudyInput);
  } catch (cause) {
    throw new Error(
      `study ${name}: expected its definition in the manifest, got one that is not read: ${textOf(cause)}; run it again: ${typed}`,
      { cause },
    );
  }
}

/** The study and its plan out of a manifest. Warns when this version of the program plans other runs than those listed there. */
async function readStudy(at: Surroundings, manifest: Manifest): Promise<StoredStudy> {
  if (manifest["study"] === undefined) {
    throw new Error(
      `study ${manifest.name}: expected its definition in the manifest, got none; run it again: ${manifest.command}`,
    );
  }
  const study = definitionIn(manifest);
  await adoptKeptFiles(manifest);
  // A study of an earlier version has kept nothing of its files.
  if (manifest.rules === undefined) await adoptOwnFiles(study);
  const planned = expand(study);
  const listed = new Set(manifest.runs);
  const unlisted = planned.filter(({ run }) => !listed.has(run)).length;
  if (unlisted > 0) {
    at.stderr.write(
      `afferent: study ${manifest.name}: ${unlisted} of its ${planned.length} runs have another identity in this version of afferent ` +
        `and count as missing; to compute them: ${manifest.command}\n`,
    );
  }
  return { manifest, study, planned };
}

/** Says on stderr where runs of a study are stored and their curves are not. */
export async function sayCurvesGone(at: Surroundings, store: Store, { study, planned }: StoredStudy): Promise<void> {
  const gone = await store.withoutCurves(planned.map(({ run }) => run));
  if (gone.length === 0) return;
  at.stderr.write(
    `afferent: study ${study.name}: ${gone.length} of ${planned.length} runs are stored without their curves; ` +
      "their rows count, and figures of curves lack them\n",
  );
}
