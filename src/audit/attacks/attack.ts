/**
 * Rules written to deceive the certificate, and what they are made of.
 *
 * An attack is a complete rule that knows something it should not, and claims as little as it can. It fails where the certificate names what
 * was hidden, where the rule is refused, or where the step that is run does not know it either.
 */
import { z } from "zod";
import { sizeOf, type Tensor } from "../../graph/index.ts";
import { layOut, type Network } from "../../networks/index.ts";
import {
  asChange,
  type Between,
  type Change,
  type ChosenRule,
  credit,
  type LayerView,
  plasticity,
  type Rule,
  type RuleCard,
  type Signal,
  type Workspace,
} from "../../rules/index.ts";
import type { Certificate, LayerCertificate, LayerId } from "../certificate/certificate.ts";

/** How an attack fails. */
export type Failure =
  /** The certificate names what is hidden. */
  | { readonly exposed: (certificate: Certificate) => boolean }
  /** The rule is refused, and the message says this. A TypeError is what the language throws at those who write where nothing is to be written. */
  | { readonly refused: string; readonly by?: "RuleError" | "ShapeError" | "TypeError" }
  /** What is run does not know it either: what layer 1 learns does not move with this input of the step. */
  | { readonly without: string };

export type Attack = TracedAttack | SourceAttack;

interface Named {
  readonly name: string;
  /** What it is meant to know, and by what trick. */
  readonly why: string;
}

interface InProcess extends Named {
  /** A rule is a function that gives it with its options chosen. */
  readonly rule: () => ChosenRule;
  readonly on?: NetworkName;
  /** Of the run, and of its certificate: 3 where nothing is said. */
  readonly batch?: number;
  /**
   * What shows that it works: an input that moves the change of a layer, that its changes are those of backpropagation, or that the first
   * unit of layer 1 moves the weights of the others.
   */
  readonly proof?: { readonly moves: number; readonly by: string } | "backpropagation" | "units meet";
}

/** An attack that can be traced in the process of a test. */
export type TracedAttack = InProcess & Failure;

/** One that the certificate sees through. */
export type ExposedAttack = InProcess & Extract<Failure, { exposed: unknown }>;

/** An attack that would change the process it runs in: the text of a rule's file, for a sandbox. */
export type SourceAttack = Named & Failure & { readonly source: string };

export type NetworkName = "mlp" | "tree" | "wide";

/** Symbols of an input. */
export const inputLength = { mlp: 2, tree: 8, wide: 2 } as const satisfies Record<NetworkName, number>;

/** A network of three hidden layers, made anew: a rule may change it. 4 classes; 3 channels. */
export function networkNamed(name: NetworkName): Network {
  const widths = { mlp: [4, 5, 2], tree: [6, 4, 5], wide: [24, 20, 28] }[name];
  return layOut(
    { positions: inputLength[name], channels: 3, classes: 4, branching: 2 },
    {
      architecture: name === "tree" ? "tree-cnn" : "mlp",
      width: 4,
      widths,
      activation: "relu",
      parametrisation: "standard",
      bias: "none",
      readout: "flatten",
    },
  );
}

/** What an attack claims of itself. */
export function cardOf(id: string, reads: readonly Signal[]) {
  return {
    ...{ id, reads, family: "attack", equation: "dW = < x y^T > + what is hidden", source: "none" },
    relation: "none",
    options: z.strictObject({}),
  } as const satisfies RuleCard;
}

interface Hiding {
  /** The layer whose change holds what is hidden; counted from 1. */
  readonly at?: number;
  readonly reads?: readonly Signal[];
  readonly constants?: string;
  readonly between?: () => Between | undefined;
  readonly scores?: (workspace: Workspace) => Tensor | undefined;
}

/** Hebb's rule with something added to the change of one layer: a list of numbers reaches every unit by fixed random weights. */
export function hebbWith(
  id: string,
  hidden: (view: LayerView, workspace: Workspace) => Tensor | Change,
  { at = 1, reads = ["pre", "post"], ...others }: Hiding = {},
): Rule {
  return plasticity({
    ...cardOf(id, reads),
    ...others,
    change: (view, _, workspace) => {
      const change = view.outer(view.pre, view.post);
      if (view.index !== at) return change;
      const added = asChange(hidden(view, workspace));
      return { ...added, weight: change.add(added.weight.rank === 1 ? mixed(view, added.weight) : added.weight) };
    },
  });
}

/** A list of numbers as one sum for each unit, with fixed random weights. */
export function mixed(view: LayerView, list: Tensor): Tensor {
  const weights = view.fixed("mixing", [list.size(0), view.units], { kind: "normal", deviation: 1 });
  return list.expand(0).matmul(weights);
}

/** Backpropagation through weights that were found out: what stands for the weight of a layer above. */
export function backpropagation(
  id: string,
  weightOf: (above: LayerView, workspace: Workspace) => Tensor,
  reads: readonly Signal[] = ["pre", "preactivation", "outputError", "otherActivity", "secondPhase", "noise"],
): Rule {
  return credit({ ...cardOf(id, reads), teach: (workspace) => deltasThrough(workspace, weightOf) });
}

/** The derivatives of each example's loss by every drive, sent down through the given weights. */
export function deltasThrough(
  workspace: Workspace,
  weightOf: (above: LayerView, workspace: Workspace) => Tensor,
): Tensor[] {
  let error = workspace.outputError;
  const deltas: Tensor[] = [];
  for (const view of [...workspace.layers].reverse()) {
    const above = aboveOf(view);
    error = view.gate(above.sendBack(error, weightOf(above, workspace)));
    deltas.unshift(error);
  }
  return deltas;
}

export function aboveOf({ above }: LayerView): LayerView {
  if (above === undefined) throw new Error("nothing is above the read-out");
  return above;
}

/** A hidden layer, counted from 1. */
export function layerAt(workspace: Workspace, index: number): LayerView {
  const found = workspace.layers[index - 1];
  if (found === undefined) throw new Error(`no layer ${index}`);
  return found;
}

/** One number that tells of every element. */
export const total = (x: Tensor): Tensor => x.sum();
/** All elements as one list. */
export const laid = (x: Tensor): Tensor => x.reshape([sizeOf(x.shape)]);

/** Where the certificate speaks of any layer. */
const anywhere =
  (names: (layer: LayerCertificate) => boolean) =>
  ({ layers }: Certificate): boolean =>
    layers.some(names);

/** The weights of a layer, read anywhere else. */
export const namesWeights = (of: LayerId) => anywhere(({ weightTransport }) => weightTransport.includes(of));
/** Weights of any other layer. */
export const namesAnyWeights = anywhere(({ weightTransport }) => weightTransport.length > 0);
/** Activity of another layer, 0 being the input. */
export const namesActivity = (of: LayerId) => anywhere(({ errorNetwork }) => errorNetwork.includes(of));
export const namesSignal =
  (signal: Signal) =>
  ({ signals }: Certificate): boolean =>
    signals.includes(signal);
export const namesLabel = anywhere(({ label }) => label.includes("direct"));
export const namesSamples = anywhere(({ coupling }) => coupling === "dependent");
export const namesUnits = anywhere(({ lateral }) => lateral.units !== "none");
export const namesPositions = anywhere(({ lateral }) => lateral.positions);
export const namesInputs = anywhere(({ scopes }) => scopes.pre === "unit");
export const namesMemory = anywhere(({ memory }) => memory.remembered > 0);
