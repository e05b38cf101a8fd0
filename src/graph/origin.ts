/**
 * Where nodes were written: the place in a source at which each was built. Recorded only while somebody asks for it, since a look at the
 * stack costs more than a node; beside the graph, which computes the same and has the same name with and without.
 */

/** Finds a place in a stack; undefined where it is nobody's. */
export type ReadStack = (stack: string) => string | undefined;

const origins = new WeakMap<object, string>();
let reader: ReadStack | undefined;

/** Does some work; of every node that it builds, what `read` finds in the stack is recorded. */
export function recordingOrigins<T>(read: ReadStack, work: () => T): T {
  const before = reader;
  reader = read;
  try {
    return work();
  } finally {
    reader = before;
  }
}

/** Of a node that is being built: its place, where places are asked for. */
export function recordOrigin(node: object): void {
  if (reader === undefined) return;
  const place = reader(new Error().stack ?? "");
  if (place !== undefined) origins.set(node, place);
}

/** Where a node was written; undefined where nobody has asked, or it is nobody's. */
export function originOf(node: object): string | undefined {
  return origins.get(node);
}

/** Gives a node the place that was recorded for it elsewhere, where it has none. Returns the node. */
export function withOrigin<T extends object>(node: T, place: string | undefined): T {
  if (place !== undefined && !origins.has(node)) origins.set(node, place);
  return node;
}

/** A node that stands for another one was written where that was. Returns the node. */
export function standingFor<T extends object>(node: T, original: object): T {
  return withOrigin(node, origins.get(original));
}
