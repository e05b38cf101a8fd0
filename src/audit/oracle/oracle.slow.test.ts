/** Certificates against what really moves the updates of rules, on perceptrons: dense layers of saturating units, and a tiny one for large graphs. */
import { describe } from "vitest";
import { networkCase } from "../../rules/testing/rule-cases.contract.ts";
import { dense, isLarge, nothingIsLacking } from "./lacking.contract.ts";

const tiny = networkCase("mlp", { widths: [2, 2], symbols: 2, activation: "tanh" });

describe(dense.name, () => nothingIsLacking(dense, (id) => !isLarge(id)));
describe(tiny.name, () => nothingIsLacking(tiny, isLarge));
