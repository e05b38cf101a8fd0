/** A layer's objective where both views are given outright: uncorrelated units of variance one, the same in both views. */
import { is, type Tensor, topological } from "../../graph/index.ts";
import { drawFeeds, networkCase, trace } from "./rule-cases.contract.ts";

/** The objective of a one-layer network, values that make it computable, and the two nodes that hold the views. */
export interface TwoViews {
  readonly objective: Tensor;
  readonly feeds: ReadonlyMap<Tensor, readonly number[]>;
  readonly here: { readonly tensor: Tensor; readonly values: readonly number[] };
  readonly there: { readonly tensor: Tensor; readonly values: readonly number[] };
}

/**
 * A rule on a dense layer of three units and a batch of four, with the columns of a Hadamard matrix times `amplitude` as
 * activity in both views: mean 0, population variance amplitude^2, no correlation.
 */
export function hadamardViews(id: string, options: Readonly<Record<string, unknown>>, amplitude = 1): TwoViews {
  const network = networkCase("mlp", { symbols: 4, vocabulary: 2, widths: [3] });
  const traced = trace(network, { id, pair: "same-class", ...options }, 4);
  const objective = traced.objectives["layer1.objective"]!;
  const own = traced.workspace.pass.layers[0]!.post;
  const partner = traced.workspace.partner({ kind: "same-class" }).layers[0]!.post;
  const values = [1, 1, 1, 1, -1, -1, -1, 1, -1, -1, -1, 1].map((value) => amplitude * value);
  const drawn = drawFeeds(traced, 1);
  const feeds = new Map<Tensor, readonly number[]>([
    [own, values],
    [partner, values],
  ]);
  for (const node of topological([objective])) if (is(node, "input")) feeds.set(node, drawn[node.attributes.name]!);
  return { objective, feeds, here: { tensor: own, values }, there: { tensor: partner, values } };
}
