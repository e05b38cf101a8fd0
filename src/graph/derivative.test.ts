/**
 * Every derivative against finite differences of the primitive itself, and its own derivative against differences of it. At kinks and poles
 * see `kinks.test.ts`.
 */
import { describe, expect, test } from "vitest";
import { interpret } from "../runtime/interpreter.ts";
import { directionalDerivative, dot, randomDirection, relativeError } from "./finite-difference.contract.ts";
import { grad, pullback } from "./grad.ts";
import { allCases, instantiate, primitiveCases } from "./primitive-cases.contract.ts";
import { sizeOf } from "./shape.ts";
import { constant, input, is, type Tensor, topological } from "./tensor.ts";

const TOLERANCE = 1e-6;

/** A point: the value of every input of a graph. */
type Point = Map<Tensor, readonly number[]>;

const evaluate = (output: Tensor, point: Point): number => interpret([output], point)[0]!.values[0]!;

/** Differentiates a scalar with respect to each of `wrt`, and compares with differences along a random direction, in which every element counts. */
function expectGradient(output: Tensor, wrt: readonly Tensor[], point: Point): void {
  const gradients = interpret(grad(output, wrt), point);
  wrt.forEach((node, i) => {
    const { shape, values } = gradients[i]!;
    expect(shape).toEqual(node.shape);
    const direction = randomDirection(1, `direction ${i}`, values.length);
    const along = (x: number[]): number => evaluate(output, new Map(point).set(node, x));
    const measured = directionalDerivative(along, point.get(node)!, direction);
    expect(relativeError([dot(values, direction)], [measured])).toBeLessThan(TOLERANCE);
  });
}

/** A sum of products with random numbers: every element counts, each differently. */
function project(node: Tensor, purpose: string): Tensor {
  return node.mul(constant(randomDirection(3, purpose, sizeOf(node.shape)), node.shape)).sum();
}

describe.each(allCases)("%s", (_, primitiveCase, primitive) => {
  const { inputs, values, output } = instantiate(primitiveCase);
  const differentiable = inputs.filter((__, i) => primitiveCase.inputs[i]!.differentiable);
  const point: Point = new Map(inputs.map((node, i) => [node, values[i]!]));

  test("contains its primitive", () => {
    expect(topological([output]).some((node) => is(node, primitive))).toBe(true);
  });

  if (output.dtype === "float32" && differentiable.length > 0) {
    test("gradient", () => {
      expectGradient(project(output, "output"), differentiable, point);
    });

    test("gradient of the gradient", () => {
      const cotangent = input("cotangent", output.shape);
      const withCotangent: Point = new Map(point).set(cotangent, randomDirection(4, "cotangent", sizeOf(output.shape)));
      const first = pullback([output], [cotangent], differentiable);
      const projected = first.map((piece, i) => project(piece, `gradient ${i}`)).reduce((sum, piece) => sum.add(piece));
      expectGradient(projected, [...differentiable, cotangent], withCotangent);
    });
  } else {
    test("has no gradient", () => {
      const floats = inputs.filter((node) => node.dtype === "float32");
      const reached = floats.length === 0 ? [] : grad(output.cast("float32").sum(), floats);
      for (const { values: zeros } of interpret(reached, point))
        expect([...zeros]).toEqual(zeros.length === 0 ? [] : [...zeros].map(() => 0));
    });
  }
});

test("every primitive but those without a slope has a differentiable case", () => {
  const without = allCases
    .filter(([, one]) => !one.inputs.some(({ differentiable }) => differentiable))
    .map(([, , primitive]) => primitive);
  const withSlope = new Set(
    allCases.filter(([, one]) => one.inputs.some(({ differentiable }) => differentiable)).map(([, , p]) => p),
  );
  expect([...new Set(without)].filter((primitive) => !withSlope.has(primitive)).sort()).toEqual([
    ...["and", "argmax", "equal", "floor", "less", "lessEqual", "not", "oneHot", "sign", "stopGradient"],
  ]);
  expect(Object.keys(primitiveCases)).toHaveLength(new Set(allCases.map(([, , primitive]) => primitive)).size);
});
