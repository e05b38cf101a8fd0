/** DuckDB in memory: one instance, opened when first needed (about 50 ms). */
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

/** Opens DuckDB lazily and lends connections. */
export class Engine {
  #instance: Promise<DuckDBInstance> | undefined;

  /** Runs `work` on a connection of its own, closed afterwards. */
  async connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    // Extensions are never fetched: all that is used here (Parquet, JSON) is linked in.
    const options = { autoinstall_known_extensions: "false", autoload_known_extensions: "false" };
    this.#instance ??= DuckDBInstance.create(":memory:", options);
    const connection = await (await this.#instance).connect();
    try {
      // A file under its final name never changes: what stands at its end is read once.
      await connection.run("SET parquet_metadata_cache = true");
      return await work(connection);
    } finally {
      connection.closeSync();
    }
  }

  /** Frees DuckDB; a later use opens it anew. */
  async close(): Promise<void> {
    const instance = await this.#instance;
    this.#instance = undefined;
    instance?.closeSync();
  }
}
