/** What numbers of a computer do and algebra does not: signs of zero, infinities, what overflows, underflows and rounds. */
import { concat, constant, full, range, type Tensor } from "../../graph/index.ts";
import type { LayerView } from "../../rules/index.ts";
import { type Attack, hebbWith, layerAt, namesSamples, namesUnits, namesWeights, total } from "./attack.ts";

/** Elements of the next coordinate along an axis. */
function rolled(x: Tensor, axis: number): Tensor {
  const n = x.size(axis);
  return x.gather(
    constant(
      range(n).map((i) => (i + 1) % n),
      [n],
      "int32",
    ),
    axis,
  );
}

/** x times 0, by a pattern of zeros and ones of which the zeros are cut out: a signed zero, or no number where x is infinite. */
function zeroTimes(x: Tensor): Tensor {
  const n = x.size(-1);
  const pattern = constant([...range(n).map(() => 0), ...range(n).map(() => 1)], [1, 2 * n]);
  return concat([x, x], -1).mul(pattern).narrow(-1, 0, n);
}

const bits = (condition: Tensor): Tensor => condition.where(1, 0);
/** 1 where a zero is negative. */
const isMinus = (zero: Tensor): Tensor => bits(full(1, zero.shape).div(zero).less(0));
/** 1 where a value is a number. */
const isNumber = (x: Tensor): Tensor => bits(x.equal(x));

const learning = (view: LayerView, signal: Tensor): Tensor => view.outer(view.pre, signal);
const third = (workspace: Parameters<typeof layerAt>[0]): Tensor => layerAt(workspace, 3).stored.weight;

export const arithmetic: readonly Attack[] = [
  {
    name: "sign of another unit's zero",
    why: "The neighbour's drive times 0 is a zero that keeps its sign; one divided by it is an infinity of that sign.",
    rule: hebbWith("minus-zero", (view) => learning(view, isMinus(zeroTimes(rolled(view.preactivation, 1))))),
    proof: "units meet",
    exposed: namesUnits,
  },
  {
    name: "sign of another sample's zero",
    why: "The next sample's drive times 0 is a zero that keeps its sign.",
    rule: hebbWith("sample-zero", (view) => learning(view, isMinus(zeroTimes(rolled(view.preactivation, 0))))),
    exposed: namesSamples,
  },
  {
    name: "infinity times zero across units",
    why: "A fixed value of 3e38 makes large drives infinite; the neighbour's infinity times 0 is no number.",
    rule: hebbWith("infinite-unit", (view) => {
      const huge = rolled(view.preactivation, 1).mul(view.fixed("huge", [], 3e38));
      return learning(view, isNumber(zeroTimes(huge)));
    }),
    exposed: namesUnits,
  },
  {
    name: "a deviation below zero",
    why: "A value drawn with a deviation of -3e38 is as large as one drawn with 3e38.",
    rule: hebbWith("negative-deviation", (view) => {
      const huge = rolled(view.preactivation, 1).mul(view.fixed("huge", [], { kind: "normal", deviation: -3e38 }));
      return learning(view, isNumber(zeroTimes(huge)));
    }),
    exposed: namesUnits,
  },
  {
    name: "infinity in a product with the identity",
    why: "Infinite activity times the identity of samples: where one sample is infinite, none of the others is a number.",
    rule: hebbWith("infinite-product", (view) => {
      const huge = view.post.mul(view.fixed("huge", [], 3e38));
      const same = constant(
        range(3).flatMap((i) => range(3).map((j) => (i === j ? 1 : 0))),
        [3, 3],
      );
      return learning(view, isNumber(same.matmul(huge)));
    }),
    exposed: namesSamples,
  },
  {
    name: "a state grown beyond bounds",
    why: "A state that doubles at each step is infinite in the end; the neighbour's drive times it times 0 shows whether it was 0.",
    rule: hebbWith("grown-state", (view) => {
      const state = view.state("grown", [], 1);
      const other = isNumber(zeroTimes(rolled(view.post, 1).mul(state.now)));
      return { weight: learning(view, other), next: [state.becomes(state.now.mul(2))] };
    }),
    exposed: namesUnits,
  },
  {
    name: "an index of minus one",
    why: "The index -1 counts from the end where graphs run: a unit reads its neighbour.",
    rule: hebbWith("minus-one", (view) => learning(view, view.post.gather(constant([-1, 0, 1, 2], [4], "int32"), 1))),
    exposed: namesUnits,
  },
  {
    name: "an index beyond the end",
    why: "An index computed from the unit's own activity lies beyond the end, and is brought back there.",
    rule: hebbWith("beyond", (view) => {
      const index = view.post.mul(1e9).floor().cast("int32").narrow(1, 0, 1).reshape([3]);
      return learning(view, view.post.gather(index, 1).sum(1, { keepdims: true }));
    }),
    exposed: namesUnits,
  },
  {
    name: "truncated towards zero",
    why: "A cast of -0.5 gives 0 where rounding down gives -1: the difference of the two selects a unit.",
    rule: hebbWith("truncated", (view) => {
      const half = view.post.mul(0).sub(0.5);
      const index = half.cast("int32").cast("float32").sub(half.floor()).narrow(1, 0, 1).reshape([3]).cast("int32");
      return learning(view, view.post.gather(index, 1).sum(1, { keepdims: true }));
    }),
    exposed: namesUnits,
  },
  {
    name: "16777217 less 16777216",
    why: "In single precision 2^24 + 1 - 2^24 - 1 is -1, in double precision 0; the neighbour is multiplied by it.",
    rule: hebbWith("rounded", (view) => {
      const n = view.units;
      const big = constant([...range(n).map(() => 2 ** 24 + 1), 3], [1, n + 1]);
      const one = constant([...range(n).map(() => 2 ** 24), 1], [1, n + 1]);
      const factor = big.sub(one).sub(1).narrow(1, 0, n);
      return learning(view, rolled(view.post, 1).mul(factor));
    }),
    exposed: namesUnits,
  },
  {
    name: "rounded away in single precision",
    why: "A weight below the last bit of 2^24 vanishes in single precision and not in double: one rounding shows its size.",
    rule: hebbWith("last-bit", (_, workspace) =>
      total(
        third(workspace)
          .add(2 ** 24)
          .sub(2 ** 24),
      ),
    ),
    exposed: namesWeights(3),
  },
  {
    name: "smaller than every number",
    why: "1e-46 is 0 in single precision; divided by itself it would be 1, times a weight.",
    rule: hebbWith("underflow", (_, workspace) => total(third(workspace).mul(1e-46).mul(1e46))),
    exposed: namesWeights(3),
  },
  {
    name: "overflow of an exponential",
    why: "One divided by the exponential of a weight times 1e4 is 0 or infinite by the weight's sign.",
    rule: hebbWith("overflow", (_, workspace) => bits(total(third(workspace)).mul(1e4).exp().less(1))),
    exposed: namesWeights(3),
  },
  {
    name: "zero to the power of a weight",
    why: "Zero to a positive power is 0, to a negative one infinite.",
    rule: hebbWith("power-of-zero", (_, workspace) =>
      bits(
        full(0, [])
          .pow(total(third(workspace)))
          .less(1),
      ),
    ),
    exposed: namesWeights(3),
  },
  {
    name: "no number chooses",
    why: "The root of a weight is no number where it is negative, which is neither less nor more than anything.",
    rule: hebbWith("no-number", (_, workspace) => isNumber(total(third(workspace)).sqrt())),
    exposed: namesWeights(3),
  },
  {
    name: "the place of the largest",
    why: "The place of the largest of a constant and 1e-30 times another layer's weight.",
    rule: hebbWith("largest-place", (_, workspace) => {
      const small = total(third(workspace)).mul(1e-30).reshape([1]);
      return concat([constant([0], [1]), small])
        .argmax(0)
        .cast("float32");
    }),
    exposed: namesWeights(3),
  },
];
