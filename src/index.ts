/**
 * The public interface: what a program, a notebook, a study file, or a rule, task or network of one's own imports.
 *
 *     import { networks, rules, tasks, train } from "afferent";
 *     const task = tasks.rhm({ m: 4, depth: 2, seed: 1 });
 *     const { test, curve } = await train({ task, network: networks.treeCnn(task), rule: rules.oja() });
 *
 * One namespace for each room, and the verbs of a run on top. The store, the executor and the default engine need Node; everything
 * else runs in a browser too.
 */
export * as audit from "./audit/index.ts";
export * as graph from "./graph/index.ts";
export * as networks from "./networks/index.ts";
export { defineNetwork } from "./networks/index.ts";
export * from "./program/index.ts";
export { type Random, stream } from "./random/stream.ts";
export * as reports from "./report/index.ts";
export * as rules from "./rules/index.ts";
export * as runtime from "./runtime/index.ts";
export * as studies from "./study/index.ts";
export * as tasks from "./tasks/index.ts";
export { defineTask } from "./tasks/index.ts";
export * as theory from "./theory/index.ts";
export { z } from "zod";
