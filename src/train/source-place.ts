/** Places in the sources of this program: where a rule that is run in this process has built a node. */

/** The folder of `src/`. */
const root = plain(new URL("../../", import.meta.url).href);

/** Where a rule begins to be run: what is further out has asked for it. */
const boundary = "src/train/write-document.";

/** What builds nodes on behalf of a rule. */
const machinery = ["src/rules/contract/", "src/networks/", "src/train/"];

/** Does some work with stacks long enough to hold all that a rule calls. */
export function withLongStacks<T>(work: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/**
 * The innermost place in a stack that is a rule's own; where there is none, the innermost of what builds on its behalf: the contract, the
 * network. Paths are relative to the folder of `src/`: `src/rules/feedback/backprop.ts:12:5`.
 */
export function sourcePlace(stack: string): string | undefined {
  const all = [...stack.matchAll(/((?:file:\/\/)?\/[^\s():]*(?::[^\s():]+)?):(\d+):(\d+)/g)].map(
    ([, file = "", line, column]) => `${relative(plain(file))}:${line}:${column}`,
  );
  const end = all.findIndex((place) => place.startsWith(boundary));
  const places = all.slice(0, end < 0 ? undefined : end).filter((place) => !place.startsWith("src/graph/"));
  return places.find((place) => !machinery.some((folder) => place.startsWith(folder))) ?? places[0];
}

function plain(file: string): string {
  return decodeURI(file.replace(/^file:\/\//, "").replace(/[?#].*$/, ""));
}

function relative(file: string): string {
  return file.startsWith(root) ? file.slice(root.length) : file;
}
