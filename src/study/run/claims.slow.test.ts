/** What shipped rules claim is what they read, on every architecture. */
import { expect, it } from "vitest";
import { catalogue } from "../../rules/index.ts";
import { studyFromWords } from "../spec/load.ts";
import { planStudy } from "./plan.ts";

it.each([
  ["tree-cnn", "network.activation=relu network.bias=none network.readout=flatten"],
  ["locally-connected", "network.activation=relu network.bias=per-position network.readout=mean"],
  ["mlp", "network.activation=tanh network.parametrisation=mean-field network.bias=shared network.readout=flatten"],
])("on %s networks", async (architecture, network) => {
  const words = [
    `rule=${catalogue.map(({ id }) => id).join(",")}`,
    ...["task.v=4", "task.m=2", "task.depth=3", "data.train=16", "data.validation=2", "data.test=4"],
    ...[`network.architecture=${architecture}`, ...network.split(" "), "network.width=4", "train.batch=4"],
  ];
  expect(planStudy(await studyFromWords(words)).undeclared).toEqual([]);
});
