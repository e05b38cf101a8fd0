/** The direct path: a message from the output straight to every layer, which may be masked by the gates above it. */
import { constant, full, range, type Tensor } from "../../graph/index.ts";
import type { LayerView, Slope, Workspace } from "../contract/index.ts";
import type { FeedbackOptions } from "./axes.ts";
import { type Carried, forgetting, fromNextExample } from "./chain.ts";

/** Keeps 0 / 0 away from units without outgoing weights; far below any sum of magnitudes, and not 0 in float32. */
const smallest = 1e-30;

/**
 * The forward weights above every layer, multiplied, with their scales: rows of units for each class, as samples. Gates left out, the
 * derivative of the scores by the activity of the layer.
 */
export function products({ layers, classes }: Workspace): readonly Tensor[] {
  let product = constant(range(classes), [classes], "int32").oneHot(classes);
  return [...layers]
    .reverse()
    .map((view) => (product = view.above?.sendBack(product) ?? product))
    .reverse();
}

/**
 * The share of each unit's downstream paths that is open: 1 at the top, M_l = (|W_{l+1}| f'(a_{l+1}) M_{l+1}) / (|W_{l+1}| 1) below,
 * between 0 and 1 where derivatives are; 0 for a unit without outgoing weights. As samples.
 */
function openShares({ layers, batch }: Workspace, shuffled: boolean): readonly Tensor[] {
  const shares: Tensor[] = [];
  for (const view of [...layers].reverse()) {
    const [above, shareAbove] = [view.above, shares[0]];
    if (above === undefined || shareAbove === undefined) {
      shares.unshift(everywhere(view, batch));
      continue;
    }
    const strength = above.weight.abs();
    const { preactivation } = above;
    const open = above.gate(shareAbove, shuffled ? fromNextExample(above, preactivation) : preactivation);
    const total = above.sendBack(everywhere(above, 1), strength);
    const shareOf = (x: Tensor): Tensor => view.perExample(x);
    const share = shareOf(above.sendBack(open, strength)).div(shareOf(total).maximum(smallest));
    shares.unshift(view.fromExamples(share));
  }
  return shares;
}

/** 1 at every unit of `batch` examples. */
function everywhere(view: LayerView, batch: number): Tensor {
  return view.fromExamples(full(1, [batch, view.unitsInAll]));
}

/** Sends `sent` [batch, classes] straight to every layer. */
export function alongDirectPaths(workspace: Workspace, sent: Tensor, options: FeedbackOptions): Carried {
  const { readout, layers } = workspace;
  const slopes: Slope[] = [];
  const learned: Slope["parameter"][] = [];
  const needsProducts = ["sign", "sign-random-magnitude", "product"].includes(options.weights);
  const above = needsProducts ? products(workspace) : [];
  const masked = options.gate === "true-downstream" || options.gate === "shuffled";
  const masks = masked ? openShares(workspace, options.gate === "shuffled") : [];
  const request = { gain: options.feedbackScale, positions: options.feedbackPositions };

  /** The message to one layer, [.., samples, out]. */
  const arriving = (view: LayerView): Tensor => {
    const along = (carrier: Tensor): Tensor => view.fromExamples(sent.matmul(view.perExample(carrier)));
    const product = (): Tensor => {
      const found = above[view.index - 1];
      if (found === undefined) throw new Error(`internal: no product of weights for layer ${view.index}`);
      return found;
    };
    switch (options.weights) {
      case "random":
        return view.directFeedback(readout, { ...request, kind: "fixed" }).send(sent);
      case "product":
        return along(product());
      case "sign":
        return along(
          product()
            .sign()
            .mul(options.feedbackScale * readout.directMagnitude),
        );
      case "sign-random-magnitude": {
        const kind = options.magnitudes === "fixed" ? "fixed" : "redrawn";
        const feedback = view.directFeedback(readout, { ...request, kind });
        const classes = constant(range(workspace.classes), [workspace.classes], "int32").oneHot(workspace.classes);
        return along(product().sign().mul(feedback.send(classes, feedback.matrix.abs())));
      }
      case "learned":
      case "adaptive": {
        // It learns as a read-out on this layer would: what it was sent, times its activity.
        const feedback = view.directFeedback(readout, { ...request, kind: "head" });
        slopes.push({ parameter: feedback.parameter, gradient: feedback.slope(sent) });
        if (options.weights === "learned") learned.push(feedback.parameter);
        return feedback.send(sent);
      }
      case "transposed":
      case "mirror":
        throw new Error(`internal: ${options.weights} weights on a direct path`);
      default:
        return options.weights satisfies never;
    }
  };

  const deltas = layers.map((view, i) => {
    const message = arriving(view);
    const mask = masks[i];
    const open = mask === undefined ? message : message.mul(mask);
    return options.gate === "none" ? open.broadcastTo(view.preactivation.shape) : view.gate(open);
  });
  return { deltas, slopes, next: [], decays: forgetting(learned, options) };
}
