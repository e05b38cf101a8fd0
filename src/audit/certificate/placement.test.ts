/** Places of broadcast elements against the interpreter, which moves the numbers of the places themselves. */
import { expect, test } from "vitest";
import { constant, type Shape, sizeOf } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { broadcastPlaces } from "./placement.ts";

test.each<[Shape, Shape]>([
  [[], []],
  [[1], [4]],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [1, 3],
    [2, 3],
  ],
  [
    [2, 1],
    [2, 3],
  ],
  [
    [1, 3, 1],
    [2, 3, 4],
  ],
  [
    [2, 1, 4],
    [2, 3, 4],
  ],
])("%j to %j", (from, to) => {
  const numbered = constant(
    Array.from({ length: sizeOf(from) }, (_, i) => i),
    from,
  );
  const [moved] = interpret([numbered.broadcastTo(to)]);
  expect([...broadcastPlaces(from, to)]).toEqual([...moved!.values]);
});
