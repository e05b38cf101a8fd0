/** Orders of rules whose graphs grow with what is varied: passes for every layer, unit, weight or step. */
import { expect, test } from "vitest";
import { chooseRule } from "../../rules/index.ts";
import { operationOrder } from "./order.ts";

test.each([
  ["weight-perturbation", { scope: "layer" }, "O(L k + C k/N)"],
  ["node-perturbation", { scope: "layer" }, "O(L k + C k/N)"],
  ["weight-perturbation", { scope: "local" }, "O(N^2 L k + N C k)"],
  ["node-perturbation", { scope: "local" }, "O(N L k + C k)"],
  ["deep-targets", {}, "O(L S + C S/N)"],
  ["equilibrium-propagation", {}, "O(T + U + C U/(N L))"],
  ["predictive-coding", {}, "O(T + C T/(N L))"],
])("%s %o: %s", (id, options, text) => {
  expect(operationOrder(chooseRule({ id, ...options }))?.text).toBe(text);
});
