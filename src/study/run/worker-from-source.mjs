// Runs the worker from its TypeScript source, for a checkout that is not built (tests).
import { register } from "tsx/esm/api";

register();
await import("./worker.ts");
