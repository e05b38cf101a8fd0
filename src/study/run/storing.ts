/**
 * Storing what was computed, where the store may be deleted or refuse to be written while a study runs: what cannot be written is kept in
 * memory and tried again with every group, and goes elsewhere in the end.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "../folder.ts";
import type { CurvePoint, RunRow } from "../store/rows.ts";
import { openStore, type Store } from "../store/store.ts";
import type { RunWeights } from "../store/weights.ts";

interface ComputedGroup {
  readonly rows: readonly RunRow[];
  readonly curves: readonly CurvePoint[];
  readonly weights?: RunWeights | undefined;
}

/** Writes groups to a store; `warn` is told in a line what went wrong and what was done about it. */
export class Storing {
  private waiting: ComputedGroup[] = [];
  private failure: unknown;
  /** Workers end at once; groups are written one after another. */
  private last: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly warn: (text: string) => void,
    /** The folder in which a store for what is left is made. */
    private readonly elsewhere: string = tmpdir(),
  ) {}

  /** Writes a group, and those that wait; keeps in memory what cannot be written. */
  async write(group: ComputedGroup): Promise<void> {
    this.waiting.push(group);
    this.last = this.last.then(() => this.retry());
    await this.last;
  }

  /** Writes what still waits, to another folder where the store cannot be written; throws an error that names it then. */
  async end(): Promise<void> {
    await this.last;
    await this.retry();
    if (this.waiting.length === 0) return;
    const { folder } = this.store;
    const reason = codeOf(this.failure);
    const runs = this.waiting.flatMap(({ rows }) => rows).length;
    const place = await mkdtemp(join(this.elsewhere, "afferent-kept-"));
    const other = await openStore(place);
    try {
      for (const { rows, curves, weights } of this.waiting) await other.writeGroup(rows, curves, weights);
    } finally {
      await other.close();
    }
    throw new Error(
      `store: expected a folder that can be written, got ${folder} (${reason}), which changed while the study ran; ` +
        `${runs} of the runs are kept in ${place}: copy its rows, curves and weights into the store`,
      { cause: this.failure },
    );
  }

  private async retry(): Promise<void> {
    for (let group = this.waiting[0]; group !== undefined; group = this.waiting[0]) {
      try {
        await this.writeOrRemake(group);
      } catch (error) {
        if (this.failure === undefined)
          this.warn(
            `store ${this.store.folder} cannot be written (${codeOf(error)}); what is computed is kept in memory until it can`,
          );
        this.failure = error;
        return;
      }
      if (this.failure !== undefined) this.warn(`store ${this.store.folder} can be written again`);
      this.failure = undefined;
      this.waiting.shift();
    }
  }

  /** A store that was deleted is made anew. */
  private async writeOrRemake({ rows, curves, weights }: ComputedGroup): Promise<void> {
    try {
      await this.store.writeGroup(rows, curves, weights);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") throw error;
      await makeFolder(this.store.folder);
      await this.store.writeGroup(rows, curves, weights);
      this.warn(
        `store ${this.store.folder} was deleted while the study ran; it is made anew and holds what was computed since: ` +
          "run the study again for the rest",
      );
    }
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // DuckDB says in its text what the file system said.
  if (/No such file or directory/.test(error.message)) return "ENOENT";
  return (error as NodeJS.ErrnoException).code ?? error.message;
}
