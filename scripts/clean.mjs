/** What `npm run build` does before the compiler: removes what an earlier build left, so that no file of a removed module is published. */
import { rm } from "node:fs/promises";

await rm(new URL("../dist/", import.meta.url), { recursive: true, force: true });
