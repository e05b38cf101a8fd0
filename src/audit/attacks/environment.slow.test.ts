/** Rules that look at their process, or change it, fail in the sandbox in which rule files are run. */
import { environment } from "./environment.ts";
import { failInTheSandbox } from "./sandboxed.contract.ts";

failInTheSandbox(environment);
