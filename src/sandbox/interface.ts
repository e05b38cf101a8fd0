/** What a file of one's own may import from "afferent": everything of which an update, a task or a network is made, and nothing that runs, stores or reports. */
export * as graph from "../graph/index.ts";
export * as networks from "../networks/index.ts";
export { defineNetwork } from "../networks/index.ts";
export { stream } from "../random/stream.ts";
export * as rules from "../rules/index.ts";
export * as tasks from "../tasks/index.ts";
export { defineTask } from "../tasks/index.ts";
export * as theory from "../theory/index.ts";
export { z } from "zod";
