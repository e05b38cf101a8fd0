/**
 * What `npm run build` does after the compiler: publishes the JSON Schemas of study files (`dist/spec.schema.json`) and of what an audit
 * prints (`dist/audit.schema.json`), and makes the command executable.
 */
import { chmod, readFile, writeFile } from "node:fs/promises";

const dist = new URL("../dist/", import.meta.url);
const command = new URL("src/cli/main.js", dist);

// npm links the command as it is: without the first line the shell would read it as its own script.
const [first] = (await readFile(command, "utf8")).split("\n");
if (first !== "#!/usr/bin/env node") {
  throw new Error(
    `${command.pathname}: expected #!/usr/bin/env node as the first line, got ${first}; see src/cli/main.ts`,
  );
}
await chmod(command, 0o755);

const { publishedSchema } = await import(new URL("src/study/spec/schema.js", dist).href);
const { publishedAuditSchema } = await import(new URL("src/cli/audit/schema.js", dist).href);
for (const [name, schema] of [
  ["spec.schema.json", publishedSchema()],
  ["audit.schema.json", publishedAuditSchema()],
]) {
  await writeFile(new URL(name, dist), `${JSON.stringify(schema, undefined, 2)}\n`);
}
