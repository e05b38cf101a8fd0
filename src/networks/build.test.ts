/** Networks by architecture: defaults, what the task says, and what must be said where it says nothing. */
import { expect, test } from "vitest";
import { rhm } from "../tasks/index.ts";
import { locallyConnected, mlp, treeCnn } from "./build.ts";
import { layOut } from "./network.ts";

const task = rhm({ v: 3, m: 2, s: 2, depth: 2 });

test("a network takes its tree from the task and everything else from the defaults", () => {
  const asked = {
    width: 64,
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
  } as const;
  const shape = { positions: 4, channels: 3, classes: 3, branching: 2 };
  expect(treeCnn(task)).toEqual(layOut(shape, { ...asked, architecture: "tree-cnn" }));
  expect(locallyConnected(task, { width: 5 })).toEqual(
    layOut(shape, { ...asked, width: 5, architecture: "locally-connected" }),
  );
  expect(mlp(task, { widths: [4, 2], activation: "tanh" })).toEqual(
    layOut(shape, { ...asked, widths: [4, 2], activation: "tanh", architecture: "mlp" }),
  );
});

test("patches may be those of another tree", () => {
  const { layers } = treeCnn(task, { branching: 4, depth: 1 });
  expect(layers.map(({ positions, inFeatures }) => [positions, inFeatures])).toEqual([[1, 12]]);
});

const image = { positions: 9, channels: 2, classes: 10 };

test("a task without a tree asks for what it does not say", () => {
  expect(() => treeCnn(image)).toThrow("tree-cnn: expected branching, the positions in a patch, got none");
  expect(() => mlp(image)).toThrow("mlp: expected depth or widths, got none");
  expect(mlp(image, { depth: 2, width: 7 }).layers.map(({ inFeatures }) => inFeatures)).toEqual([18, 7]);
  expect(treeCnn(image, { branching: 3 }).layers).toHaveLength(2);
});
