/**
 * Bundles: a rule file with all that it imports as one script, and the programs around it.
 *
 * A rule file may import "afferent" (`interface.ts`) and zod, which it is given, files of its own, and packages that need nothing of Node.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isBuiltin, SourceMap, type SourceMapPayload } from "node:module";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type BuildOptions, type Loader, type Message, type OnResolveArgs, type Plugin } from "esbuild";
import * as zod from "zod";
import { RuleError } from "../rules/index.ts";
import * as afferent from "./interface.ts";
import { ruleScript } from "./rule-script.ts";

/** What a file of somebody's own is. */
export type FileKind = "rule" | "task" | "network";

/** A file with all that it imports. */
export interface RuleBundle {
  /** As the person wrote it: how every error begins. */
  readonly given: string;
  /** An expression: a function of what the file is given in the place of its imports (`inside.ts`), which returns its exports. */
  readonly script: string;
  /** Of every text in it. */
  readonly digest: string;
  /** The file itself first; paths from its folder, those of packages from the folder of packages. */
  readonly sources: readonly { readonly path: string; readonly text: string }[];
  /** Where something in the script was written: `my-rule.ts:12:5`; undefined for what is not the person's. */
  readonly placeOf: (at: { readonly line: number; readonly column: number }) => string | undefined;
}

const common = {
  bundle: true,
  write: false,
  logLevel: "silent",
  legalComments: "none",
  charset: "utf8",
  target: "es2022",
  // What a file means must not depend on settings that are not in its digest.
  tsconfigRaw: { compilerOptions: { target: "ES2022", useDefineForClassFields: true } },
} as const satisfies BuildOptions;

/** A module beside this one: TypeScript in a checkout, JavaScript in the package. */
const beside = (name: string): string =>
  fileURLToPath(new URL(`./${name}${extname(fileURLToPath(import.meta.url))}`, import.meta.url));

let programs: Promise<{ readonly inside: string; readonly child: string }> | undefined;

/** The programs around a rule file: the process (`child.ts`), and what runs in its context (`inside.ts`). Bundled once. */
export function surroundingPrograms(): Promise<{ readonly inside: string; readonly child: string }> {
  return (programs ??= Promise.all([
    textOf({
      ...common,
      entryPoints: [beside("inside")],
      platform: "neutral",
      mainFields: ["module", "main"],
      minifySyntax: true,
      minifyWhitespace: true,
      format: "iife",
      globalName: "inside",
      banner: { js: "(function () {" },
      footer: { js: "return inside.answer; })()" },
    }),
    textOf({ ...common, entryPoints: [beside("child")], platform: "node", format: "cjs", minifyWhitespace: true }),
  ]).then(([inside, child]) => ({ inside, child })));
}

async function textOf(options: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build(options);
  return outputFiles.map(({ text }) => text).join("");
}

/** Bundles a file. Throws RuleError, with the file and the line, for one that is missing, does not parse, or imports what it may not. */
export async function bundleFile(given: string, kind: FileKind): Promise<RuleBundle> {
  const path = resolve(given);
  await readFile(path).catch(() => {
    throw new RuleError(
      `${kind}: expected a ${kind} in ${given}, found no such file; paths are relative to ${process.cwd()}`,
    );
  });
  const folder = dirname(path);
  const texts = new Map<string, string>();
  const outfile = join(folder, ruleScript);
  const built = await build({
    ...common,
    entryPoints: [path],
    absWorkingDir: folder,
    outfile,
    platform: "neutral",
    conditions: ["browser", "module"],
    mainFields: ["module", "main"],
    format: "iife",
    globalName: "file",
    // As modules are.
    banner: { js: `(function (${handle}) { "use strict";` },
    footer: { js: "return file; })" },
    sourcemap: "external",
    sourcesContent: false,
    // What is left of them in packages throws when it is reached.
    supported: { "dynamic-import": false },
    logOverride: {
      "unsupported-dynamic-import": "warning",
      "unsupported-require-call": "warning",
      "import-is-undefined": "error",
    },
    plugins: [theInterface, onlyAllowed, keepTexts(texts)],
  }).catch((error: unknown) => {
    const [first] = messagesOf(error);
    if (first === undefined) throw error;
    throw refusalOf(given, first);
  });
  const computed = built.warnings.find(
    ({ id, location }) => refusedWarnings.includes(id) && !isOfPackage(location?.file ?? ""),
  );
  if (computed !== undefined) throw refusalOf(given, { ...computed, text: whole("a name that is only computed") });
  const [map, script] = [".map", ".js"].map(
    (end) => built.outputFiles.find((file) => file.path.endsWith(end))?.text ?? "",
  );
  const positions = new SourceMap(JSON.parse(map ?? "") as SourceMapPayload);
  const sources = [...texts]
    .map(([file, text]) => ({ path: file === path ? basename(path) : nameOf(folder, file), text }))
    .sort(
      (a, b) => Number(b.path === basename(path)) - Number(a.path === basename(path)) || (a.path < b.path ? -1 : 1),
    );
  return {
    ...{ given, script: script ?? "", digest: digestOf(sources), sources },
    placeOf: ({ line, column }) => {
      const found = positions.findEntry(line - 1, column - 1);
      if (!("originalSource" in found)) return undefined;
      const { originalSource, originalLine, originalColumn } = found;
      if (!texts.has(resolve(folder, originalSource)) || isOfPackage(originalSource)) return undefined;
      return `${originalSource}:${originalLine + 1}:${originalColumn + 1}`;
    },
  };
}

/** Of a file alone it is the digest of its text. */
function digestOf([own, ...others]: RuleBundle["sources"]): string {
  const hash = createHash("sha256").update(own?.text ?? "");
  for (const { path, text } of others) hash.update(`\0${path}\0${text}`);
  return hash.digest("hex");
}

function nameOf(folder: string, file: string): string {
  const [, ofPackage] = /.*[\\/]node_modules[\\/](.*)$/.exec(file) ?? [];
  return (ofPackage === undefined ? relative(folder, file) : `node_modules/${ofPackage}`).split(sep).join("/");
}

/** The name under which a bundled file finds what it is given. */
const handle = "__provided";

/** "afferent" and zod, as they are in the context of the file. */
const theInterface: Plugin = {
  name: "interface",
  setup(bundler) {
    bundler.onResolve({ filter: /^(afferent|zod|zod\/v4)$/ }, ({ path }) => ({
      path: path === "afferent" ? path : "zod",
      namespace: "provided",
    }));
    bundler.onLoad({ filter: /.*/, namespace: "provided" }, ({ path }) => {
      const names = Object.keys(path === "afferent" ? afferent : zod);
      const lines = names.map((name, i) => `const v${i} = ${handle}.${path}[${JSON.stringify(name)}];`);
      const exported = names.map((name, i) => `v${i} as ${name}`);
      return { contents: `${lines.join("\n")}\nexport { ${exported.join(", ")} };\n` };
    });
  },
};

const onlyAllowed: Plugin = {
  name: "only-allowed",
  setup(bundler) {
    bundler.onResolve({ filter: /.*/ }, (wanted) => {
      const refusal = refused(wanted);
      return refusal === undefined ? undefined : { errors: [{ text: whole(refusal) }] };
    });
  },
};

function refused({ path, kind, importer }: OnResolveArgs): string | undefined {
  if (kind === "entry-point") return undefined;
  if (isBuiltin(path)) return isOfPackage(importer) ? `"${path}" (in ${nameOf("", importer)})` : `"${path}"`;
  if (path.startsWith("afferent/")) return `"${path}"`;
  if (isOfPackage(importer)) return undefined;
  if (kind === "dynamic-import") return `import("${path}")`;
  return kind === "require-call" || kind === "require-resolve" ? `require("${path}")` : undefined;
}

const whole = (what: string): string =>
  `expected imports of "afferent", of files of its own and of packages that need nothing of Node, written as import ... from "...", got ${what}`;

const refusedWarnings = ["unsupported-dynamic-import", "unsupported-require-call"];

const isOfPackage = (path: string): boolean => /(^|[\\/])node_modules[\\/]/.test(path);

const loaders: Readonly<Record<string, Loader>> = {
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx", ".jsx": "jsx" },
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".json": "json" },
};

/** Reads every file once, so that the digest is of what is run. */
function keepTexts(texts: Map<string, string>): Plugin {
  return {
    name: "keep-texts",
    setup(bundler) {
      bundler.onLoad({ filter: /.*/, namespace: "file" }, async ({ path }) => {
        const loader = loaders[extname(path)];
        if (loader === undefined)
          return {
            errors: [{ text: `expected files ending in ${Object.keys(loaders).join(", ")}, got ${basename(path)}` }],
          };
        const contents = await readFile(path, "utf8");
        texts.set(path, contents);
        return { contents, loader };
      });
    },
  };
}

function messagesOf(error: unknown): readonly Message[] {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors) ? (error.errors as Message[]) : [];
}

function refusalOf(given: string, { text, location }: Message): RuleError {
  const [, missing] = /^No matching export in "provided:afferent" for import "(.*)"$/.exec(text) ?? [];
  const [, undefinedName] = /^Import "(.*)" will always be undefined because .*"provided:afferent"/.exec(text) ?? [];
  const name = missing ?? undefinedName;
  const what =
    name === undefined
      ? text
      : `expected ${Object.keys(afferent).sort().join(", ")} from "afferent", which is all that such a file is given, got ${name}`;
  const place = location === null ? "" : ` (${location.file}:${location.line}:${location.column + 1})`;
  return new RuleError(`${given}: ${what}${place}`);
}
