/** Networks for a task, by architecture: `treeCnn(task, { width: 64 })`. */
import { type Architecture, layOut, type Network, type NetworkOptions, type NetworkTask } from "./network.ts";

/** What a network must know of its task: that of `NetworkTask`, but for the tree, which not every task has. */
export interface TaskShape extends Omit<NetworkTask, "branching"> {
  readonly branching?: number;
}

/** Options of a network as they are asked for: what is left out is that of `networkDefaults`. */
export interface NetworkChoices extends Partial<Omit<NetworkOptions, "architecture">> {
  /** Neighbouring positions in a patch of a tree; that of the task when left out. */
  readonly branching?: number;
}

/** What a network is where nothing is said. As many layers as the tree of the task has levels. */
export const networkDefaults = {
  architecture: "tree-cnn",
  width: 64,
  activation: "relu",
  parametrisation: "standard",
  bias: "none",
  readout: "flatten",
} as const satisfies NetworkOptions;

/** A tree of patches that do not overlap, with one weight matrix for all positions of a layer. Throws as `build`. */
export function treeCnn(task: TaskShape, choices: NetworkChoices = {}): Network {
  return build(task, "tree-cnn", choices);
}

/** A tree of patches that do not overlap, with weights of its own at every position. Throws as `build`. */
export function locallyConnected(task: TaskShape, choices: NetworkChoices = {}): Network {
  return build(task, "locally-connected", choices);
}

/** A multilayer perceptron. Throws as `build`. */
export function mlp(task: TaskShape, choices: NetworkChoices = {}): Network {
  return build(task, "mlp", choices);
}

/**
 * A network for a task. Throws Error when the tree of the task is not known and nothing is said instead (`branching`, `depth` or
 * `widths`), and when a tree is deeper than its input is long.
 */
function build(task: TaskShape, architecture: Architecture, choices: NetworkChoices): Network {
  const { branching = task.branching, ...given } = choices;
  const options = { ...networkDefaults, ...given, architecture };
  const isTree = architecture !== "mlp";
  if (branching === undefined && (isTree || (options.widths ?? options.depth) === undefined)) {
    const expected = isTree ? "branching, the positions in a patch" : "depth or widths";
    throw new Error(`${architecture}: expected ${expected}, got none, and the task has no tree of its own; say it`);
  }
  return layOut({ ...task, branching: branching ?? task.positions }, options);
}
