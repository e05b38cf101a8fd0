/**
 * Random expressions of every primitive over a few small inputs, with what is hard for an audit: zeros from padding, masks and products,
 * indices computed from data, values beyond float32, kinks, ties and operands that broadcast.
 */
import {
  concat,
  constant,
  type DType,
  input,
  type Primitive,
  range,
  scatterAdd,
  type Shape,
  sizeOf,
  Tensor,
} from "../../graph/index.ts";
import type { Random } from "../../random/stream.ts";

/** An expression: its inputs, and what was made of them one by one. */
export interface RandomGraph {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Inputs of every random graph: three samples each but for the scalar, 27 numbers in all. */
const inputShapes: readonly (readonly [Shape, DType])[] = [
  [[3, 2], "float32"],
  [[3, 4], "float32"],
  [[3, 1], "float32"],
  [[], "float32"],
  [[3], "int32"],
  [[3, 1], "bool"],
];

/** A graph of `length` primitives in random order, movements that make operands fit aside. */
export function randomGraph(random: Random, length: number): RandomGraph {
  const inputs = inputShapes.map(([shape, dtype], i) => input(`x${i}`, shape, dtype));
  const growth = new Growth(random, inputs);
  const outputs = range(length).map(() => growth.grow());
  return { inputs, outputs };
}

/** Largest tensor that is grown on. */
const largest = 36;
const numbers = [0, 0, 0, 1, 1, -1, 2, 3, 0.5, -2.5, 1e30, 1e-30];

class Growth {
  private readonly pool: Tensor[];

  constructor(
    readonly random: Random,
    inputs: readonly Tensor[],
  ) {
    this.pool = [...inputs];
  }

  grow(): Tensor {
    const names = Object.keys(steps) as Primitive[];
    const made = steps[this.oneOf(names)](this);
    this.pool.push(sizeOf(made.shape) <= largest && made.rank <= 4 ? made : this.fitted(made, [3, 2]));
    return made;
  }

  below(count: number): number {
    return this.random.integer(count);
  }
  chance(share: number): boolean {
    return this.random.uniform() < share;
  }
  oneOf<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Any value; what was made last is as likely as all that was there before. */
  any(): Tensor {
    return this.chance(0.5) ? this.pool.at(-1)! : this.oneOf(this.pool);
  }
  float(): Tensor {
    return this.any().cast("float32");
  }
  /** Of rank 1 or more. */
  array(): Tensor {
    const x = this.float();
    return x.rank === 0 ? x.reshape([1]) : x;
  }
  bool(shape: Shape): Tensor {
    const x = this.chance(0.5) ? this.any() : this.float().greater(0);
    return this.fitted(x.cast("bool").cast("float32"), shape).cast("bool");
  }
  fit(shape: Shape): Tensor {
    return this.fitted(this.float(), shape);
  }
  /** Elements of a value in another shape: the first of them, or with zeros behind. */
  private fitted(x: Tensor, shape: Shape): Tensor {
    const [has, wants] = [sizeOf(x.shape), sizeOf(shape)];
    if (has === wants) return x.reshape(shape);
    const flat = x.reshape([has]);
    return (has > wants ? flat.narrow(0, 0, wants) : flat.cast("float32").pad([0], [wants - has])).reshape(shape);
  }
  /** A shape that broadcasts to another one. */
  part(shape: Shape): Shape {
    const ones = shape.map((size) => (this.chance(0.3) ? 1 : size));
    return this.chance(0.3) ? ones.slice(this.below(ones.length + 1)) : ones;
  }
  constant(shape: Shape): Tensor {
    const isMask = this.chance(0.5);
    return constant(
      range(sizeOf(shape)).map(() => (isMask ? this.below(2) : this.oneOf(numbers))),
      shape,
    );
  }
  shape(): Shape {
    return this.oneOf<Shape>([[], [2], [3], [3, 2], [2, 3], [3, 1], [1, 2, 2]]);
  }
  /** Two operands that broadcast, in either order. */
  pair(): [Tensor, Tensor] {
    const a = this.float();
    const shape = this.part(a.shape);
    const b = this.chance(0.1) ? a : this.chance(0.3) ? this.constant(shape) : this.fit(shape);
    return this.chance(0.5) ? [a, b] : [b, a];
  }
  axis(x: Tensor): number {
    return this.below(x.rank);
  }

  /** Whole numbers that may be indices of an axis, from constants or from data, within the axis or, where not `inside`, beyond it. */
  index(shape: Shape, size: number, inside = true): Tensor {
    const x = this.fit(shape);
    const last = size - 1;
    const ways: (() => Tensor)[] = [
      () =>
        constant(
          range(sizeOf(shape)).map(() => this.below(size)),
          shape,
          "int32",
        ),
      () => x.maximum(0).minimum(last).cast("int32"),
      () => x.abs().minimum(last).floor().cast("int32"),
      () => x.sigmoid().mul(last).cast("int32"),
      () => x.greater(0).where(x, 0).minimum(last).cast("int32"),
      () =>
        x
          .relu()
          .neg()
          .maximum(-last)
          .cast("int32")
          .add(constant([last], [], "int32")),
      () => this.fit([...shape, size]).argmax(-1),
      () => (last === 0 ? x.mul(0) : x.minimum(last).maximum(1)).cast("bool").cast("int32"),
      () => x.mul(1e6).neg().add(1e9).minimum(last).maximum(0).cast("int32"),
      () =>
        constant([last], [], "int32").sub(
          this.fit([...shape, size])
            .mul(3)
            .argmax(-1),
        ),
    ];
    if (!inside) ways.push(() => x.cast("int32"));
    return this.oneOf(ways)();
  }
}

type Step = (growth: Growth) => Tensor;
const pairwise =
  (build: (a: Tensor, b: Tensor) => Tensor): Step =>
  (growth) =>
    build(...growth.pair());

function productOf(growth: Growth): [Tensor, Tensor, { transposeA: boolean; transposeB: boolean }] {
  const [rows, inner, columns] = [0, 1, 2].map(() => 1 + growth.below(3)) as [number, number, number];
  const [transposeA, transposeB] = [growth.chance(0.5), growth.chance(0.5)];
  const shapes: [Shape, Shape] = [
    transposeA ? [inner, rows] : [rows, inner],
    transposeB ? [columns, inner] : [inner, columns],
  ];
  const [a, b] = shapes.map((shape) => (growth.chance(0.2) ? growth.constant(shape) : growth.fit(shape)));
  return [a!, b!, { transposeA, transposeB }];
}

/** How a graph grows by one primitive. */
const steps: { readonly [P in Primitive]: Step } = {
  input: (growth) => growth.any(),
  constant: (growth) => growth.constant(growth.shape()),
  neg: (growth) => growth.float().neg(),
  abs: (growth) => growth.float().abs(),
  sign: (growth) => growth.float().sign(),
  exp: (growth) => growth.float().exp(),
  log: (growth) => growth.float().log(),
  sqrt: (growth) => growth.float().sqrt(),
  tanh: (growth) => growth.float().tanh(),
  sigmoid: (growth) => growth.float().sigmoid(),
  relu: (growth) => growth.float().relu(),
  floor: (growth) => growth.float().floor(),
  not: (growth) => growth.bool(growth.shape()).not(),
  cast: (growth) => growth.any().cast(growth.oneOf<DType>(["float32", "int32", "bool"])),
  add: pairwise((a, b) => a.add(b)),
  sub: pairwise((a, b) => a.sub(b)),
  mul: pairwise((a, b) => a.mul(b)),
  div: pairwise((a, b) => a.div(b)),
  pow: pairwise((a, b) => a.pow(b)),
  maximum: pairwise((a, b) => a.maximum(b)),
  minimum: pairwise((a, b) => a.minimum(b)),
  equal: pairwise((a, b) => a.equal(b)),
  less: pairwise((a, b) => a.less(b)),
  lessEqual: pairwise((a, b) => a.lessEqual(b)),
  and: (growth) => {
    const shape = growth.shape();
    return growth.bool(shape).and(growth.bool(growth.part(shape)));
  },
  where: (growth) => {
    const [a, b] = growth.pair();
    const longer = sizeOf(a.shape) >= sizeOf(b.shape) ? a : b;
    return growth.bool(growth.part(longer.shape)).where(a, b);
  },
  matmul: (growth) => {
    const [a, b, flags] = productOf(growth);
    if (growth.chance(0.7)) return Tensor.of("matmul", flags, a, b);
    return Tensor.of(
      "matmul",
      flags,
      growth.fit([2, ...a.shape]),
      growth.chance(0.5) ? b : growth.fit([1, ...b.shape]),
    );
  },
  gemm: (growth) => {
    const [a, b, flags] = productOf(growth);
    const shape = Tensor.of("matmul", flags, a, b).shape;
    const [alpha, beta] = [growth.oneOf([1, -0.5, 1e-30]), growth.oneOf([1, 2, 0])];
    return Tensor.of("gemm", { ...flags, alpha, beta }, a, b, growth.fit(growth.part(shape)));
  },
  conv2d: (growth) => {
    const groups = 1 + growth.below(2);
    const kernel = growth.fit([2, 2 / groups, 2, 1 + growth.below(2)]);
    const [stride, top] = [1 + growth.below(2), growth.below(2)];
    return growth.fit([2, 2, 2, 2]).conv2d(kernel, { groups, strides: [1, stride], padding: [top, 0, 0, 1] });
  },
  transpose: (growth) => {
    const x = growth.any();
    return x.transpose([...growth.random.permutation(x.rank)]);
  },
  reshape: (growth) => {
    const x = growth.any();
    const size = sizeOf(x.shape);
    const shapes = [
      [size],
      [1, size],
      [...x.shape, 1],
      ...[2, 3].flatMap((n) => (size % n === 0 ? [[n, size / n]] : [])),
    ];
    return x.reshape(growth.oneOf(shapes));
  },
  broadcastTo: (growth) => {
    const shape = growth.shape();
    return growth.fit(growth.part(shape)).broadcastTo(shape);
  },
  slice: (growth) => {
    const x = growth.any();
    const starts = x.shape.map((size) => growth.below(size));
    return x.slice(
      starts,
      x.shape.map((size, axis) => starts[axis]! + 1 + growth.below(size - starts[axis]!)),
    );
  },
  concat: (growth) => {
    const x = growth.array();
    const axis = growth.axis(x);
    const other = growth.fit(x.shape.map((size, at) => (at === axis ? 1 + growth.below(3) : size)));
    return concat(growth.chance(0.5) ? [x, other] : [other, x], axis);
  },
  pad: (growth) => {
    const x = growth.float();
    const some = (): number[] => x.shape.map(() => growth.below(2));
    return x.pad(some(), some());
  },
  gather: (growth) => {
    const x = growth.array();
    const axis = growth.axis(x);
    return x.gather(growth.index(growth.oneOf<Shape>([[], [2], [3], [2, 2]]), x.size(axis)), axis);
  },
  scatterAdd: (growth) => {
    const window = growth.oneOf<Shape>([[], [2], [3], [2, 2]]);
    const size = 2 + growth.below(3);
    const leading = growth.oneOf<Shape>([[], [2]]);
    const updates = growth.fit([...leading, ...window, ...growth.oneOf<Shape>([[], [2]])]);
    return scatterAdd(updates, growth.index(window, size), leading.length, size);
  },
  oneHot: (growth) => growth.index(growth.oneOf<Shape>([[], [3]]), 3, false).oneHot(3),
  sum: (growth) => {
    const x = growth.array();
    return x.sum(growth.chance(0.3) ? undefined : growth.axis(x));
  },
  max: (growth) => {
    const x = growth.array();
    return x.max(growth.chance(0.3) ? undefined : growth.axis(x));
  },
  argmax: (growth) => {
    const x = growth.array();
    return x.argmax(growth.axis(x));
  },
  softmax: (growth) => {
    const x = growth.array();
    return x.softmax(growth.axis(x));
  },
  logSoftmax: (growth) => {
    const x = growth.array();
    return x.logSoftmax(growth.axis(x));
  },
  stopGradient: (growth) => growth.any().stopGradient(),
};
