/** Samples that meet in what looks like an average. */
import { constant, range, type Tensor } from "../../graph/index.ts";
import type { LayerView, Workspace } from "../../rules/index.ts";
import { type Attack, hebbWith, namesSamples, total, type TracedAttack } from "./attack.ts";

/** A matrix over the batch of 3. */
const matrix = (of: (i: number, j: number) => number): Tensor =>
  constant(
    range(3).flatMap((i) => range(3).map((j) => of(i, j))),
    [3, 3],
  );

function meeting(
  name: string,
  why: string,
  signal: (view: LayerView, workspace: Workspace) => Tensor,
  reads?: TracedAttack["name"],
): TracedAttack {
  const id = (reads ?? name).replaceAll(" ", "-");
  return { name, why, rule: hebbWith(id, signal), exposed: namesSamples };
}

export const averages: readonly Attack[] = [
  meeting(
    "nearly the identity",
    "Samples are mixed with weight 1e-30 before they meet the input.",
    ({ outer, pre, post }) => outer(pre, matrix((i, j) => (i === j ? 1 : 1e-30)).matmul(post)),
  ),
  meeting("product of averages", "The mean input times the mean activity.", ({ mean, pre, post }) =>
    mean(pre).transposeLast().matmul(mean(post)),
  ),
  meeting("best of the batch", "The largest activity of each unit over the batch.", ({ post }) =>
    post.max(0, { keepdims: true }),
  ),
  meeting("covariance in two terms", "The mean product less the product of means.", ({ outer, mean, pre, post }) =>
    outer(pre, post).sub(mean(pre).transposeLast().matmul(mean(post))),
  ),
  meeting("softmax over the batch", "Samples compete for each unit.", ({ outer, pre, post }) =>
    outer(pre, post.softmax(0)),
  ),
  meeting("chosen by data", "Samples are added up with the similarity of their inputs.", ({ outer, pre, post }) =>
    outer(pre, pre.matmul(pre.transposeLast()).matmul(post)),
  ),
  meeting(
    "running through the batch",
    "A sample counts with all samples before it, where their sum is positive.",
    ({ outer, pre, preactivation }) =>
      outer(
        pre,
        matrix((i, j) => (j <= i ? 1 : 0))
          .matmul(preactivation)
          .relu(),
      ),
  ),
  meeting(
    "the sample that comes first",
    "The sample with the largest activity is looked up by its place.",
    ({ outer, pre, post }) => outer(pre, post.gather(post.sum(1).argmax(0), 0).expand(0).broadcastTo(post.shape)),
  ),
  meeting("a sum and a kink", "The mean change, rectified.", ({ outer, pre, preactivation }) =>
    outer(pre, preactivation).relu(),
  ),
  meeting(
    "weighted by a judgement",
    "A sample learns by its loss against the mean loss, squared.",
    (view, workspace) => {
      const loss = workspace.lossOf();
      return total(loss.sub(loss.mean()).square().mul(view.post.sum(1)));
    },
  ),
  meeting("in random order", "Samples meet inputs of samples drawn by a permutation.", (view) => {
    const order = view.noise("order", [3], "permutation").cast("int32");
    return view.outer(view.pre, view.post.gather(order, 0));
  }),
  meeting("ranked", "A sample counts as often as it exceeds others.", ({ outer, pre, post }) => {
    const best = post.sum(1);
    const rank = best.expand(1).greater(best.expand(0)).where(1, 0).sum(1).expand(1);
    return outer(pre, post.mul(rank));
  }),
  meeting("scattered together", "Samples are added up at places that data choose.", ({ outer, pre, post }) => {
    const place = pre.argmax(1).cast("float32").minimum(2).cast("int32");
    return outer(pre, place.oneHot(3).transposeLast().matmul(post));
  }),
];
