/**
 * From what a person gives (a file, or words on a command line) to a study.
 *
 * A file is a study or a bare run specification, in JSON, YAML, or TypeScript / JavaScript with a default export. Every
 * error begins with the file.
 */
import { readFile } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseDocument } from "yaml";
import { isRecord } from "./keys.ts";
import { parseOverrides } from "./overrides.ts";
import type { Study, StudyInput } from "./study.ts";
import { defineStudy, hasOwnTask, overrideStudy } from "./study.ts";
import { adoptOwnFiles } from "../run/own-files.ts";

const MODULES = [".ts", ".mts", ".js", ".mjs"];
const KNOWN = [".json", ".yaml", ".yml", ...MODULES];
/** Keys that only a study has; a file with none of them is a run specification. */
const STUDY_KEYS = ["name", "question", "base", "grid", "tune", "perRule"];

/**
 * The study that words on a command line name: a file first, if the first word is not `key=value`, then overrides.
 * Throws as `loadStudy` and `parseOverrides`.
 */
export async function studyFromWords(words: readonly string[]): Promise<Study> {
  const [first] = words;
  const study =
    first === undefined || first.includes("=") ? inlineStudy(words) : await overridden(first, words.slice(1));
  await adoptOwnFiles(study);
  return study;
}

async function overridden(file: string, words: readonly string[]): Promise<Study> {
  const study = await loadStudy(file);
  return overrideStudy(study, parseOverrides(words, { ownTask: hasOwnTask(study) }));
}

/** A study without a file: the overrides alone, on the defaults of the specification. Throws as `parseOverrides`. */
export function inlineStudy(words: readonly string[]): Study {
  const { base, axes } = parseOverrides(words);
  return defineStudy({
    name: "command-line",
    question: words.length > 0 ? words.join(" ") : "defaults of the specification",
    base,
    grid: Object.fromEntries(axes.map(({ key, values }) => [key, values])),
  });
}

/**
 * Reads a study or run specification from a file. A bare specification becomes a study of one run, named after the file.
 * Throws, with the file's name: when it is missing, has another extension, does not parse (with the line), has no default
 * export, or holds neither a study nor a specification.
 */
export async function loadStudy(file: string): Promise<Study> {
  const extension = extname(file).toLowerCase();
  if (!KNOWN.includes(extension)) {
    throw new Error(`${file}: expected a file ending in ${KNOWN.join(", ")}, got "${extension || basename(file)}"`);
  }
  const text = await textOf(file);
  const value = MODULES.includes(extension) ? await defaultExport(file) : parsed(file, text);
  if (!isRecord(value)) {
    throw new Error(`${file}: expected a study or a run specification, got ${describe(value)}; see defineStudy`);
  }
  const content = Object.fromEntries(Object.entries(value).filter(([key]) => key !== "$schema"));
  return named(file, () => defineStudy(isStudy(content) ? content : bare(file, content)));
}

function isStudy(value: Record<string, unknown>): value is Record<string, unknown> & StudyInput {
  return STUDY_KEYS.some((key) => key in value);
}

function bare(file: string, spec: Record<string, unknown>): StudyInput {
  const name = basename(file, extname(file)).replace(/[^\w.-]/g, "-");
  return { name, question: `The run specified in ${basename(file)}`, base: spec };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    if (code !== "ENOENT") throw new Error(`${file}: expected a readable file, got ${code}`, { cause });
    throw new Error(`${file}: expected a study file, found nothing there; paths are relative to ${process.cwd()}`, {
      cause,
    });
  }
}

/** JSON is read as the YAML it also is: YAML's parser says where a mistake is, which JSON.parse on Node 20 does not always. */
function parsed(file: string, text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (!error && extname(file).toLowerCase() === ".json") return strictJson(file, text);
  if (!error) return document.toJS();
  const at = error.linePos?.[0];
  const place = at ? `${file}:${at.line}:${at.col}` : file;
  const [what = error.message] = error.message.split(/ at line \d+/);
  const format = extname(file).toLowerCase() === ".json" ? "JSON" : "YAML";
  throw new Error(`${place}: expected valid ${format}, got a parse error: ${what}`);
}

function strictJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${file}: expected valid JSON, got a parse error: ${message}`, { cause });
  }
}

async function defaultExport(file: string): Promise<unknown> {
  const { tsImport } = await import("tsx/esm/api");
  let module: unknown;
  try {
    module = await tsImport(pathToFileURL(resolve(file)).href, import.meta.url);
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
  let value = isRecord(module) ? module.default : undefined;
  // A CommonJS package's default export arrives inside module.exports.
  if (isRecord(value) && "default" in value) value = value.default;
  if (value !== undefined) return value;
  throw new Error(`${file}: expected a default export, got none; write export default defineStudy({ ... })`);
}

function named(file: string, define: () => Study): Study {
  try {
    return define();
  } catch (cause) {
    throw new Error(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}
