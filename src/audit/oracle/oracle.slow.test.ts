/**
 * Certificates against what really moves the updates of every rule: on a tree, on dense layers of saturating units, and on a tiny
 * perceptron for large graphs.
 */
import { describe } from "vitest";
import { networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { dense, isLarge, nothingIsLacking, tree } from "./lacking.contract.ts";

const tiny = networkCase("mlp", { widths: [2, 2], symbols: 2, activation: "tanh" });

describe(tree.name, () => nothingIsLacking(tree, (id) => !isLarge(id)));
describe(dense.name, () => nothingIsLacking(dense, (id) => !isLarge(id)));
describe(tiny.name, () => nothingIsLacking(tiny, isLarge));
