import { describe, expect, test } from "vitest";
import { expectUpdates, naivePass, oneHotInput } from "../testing/naive-pass.contract.ts";
import {
  drawFeeds,
  evaluate,
  type Feeds,
  naiveDescent,
  type NetworkCase,
  networkCases,
  rows,
  trace,
} from "../testing/rule-cases.contract.ts";

/** The update by loops over samples, units and inputs. */
function naive(net: NetworkCase, feeds: Feeds, signal: string): Record<string, number[]> {
  const { channels, positions } = net.network.input;
  const first = naivePass(net, feeds);
  const projection = rows(feeds["input.projection"]!, positions * channels);
  const input = oneHotInput(net, feeds).map((sample, b) =>
    sample.map((units, p) =>
      units.map((x, c) => {
        const errors = first.outputError[b]!.map((e) => (signal === "sign" ? Math.sign(e) : e));
        return errors.reduce((sum, e, k) => sum + e * projection[k]![p * channels + c]!, x);
      }),
    ),
  );
  const second = naivePass(net, feeds, { input });
  return Object.assign(
    {},
    ...second.layers.map((there, l) => {
      const delta = there.post.map((sample, b) =>
        sample.map((units, p) => units.map((h, j) => first.layers[l]!.post[b]![p]![j]! - h)),
      );
      return naiveDescent(there, delta);
    }),
  ) as Record<string, number[]>;
}

describe("the difference of two passes times the second's input", () => {
  test.each(networkCases.map((net) => [net.name, net] as const))("%s", (_, net) => {
    for (const [signal, batch] of [
      ["error", 3],
      ["sign", 1],
    ] as const) {
      // A large projection, so that gates differ between the passes.
      const traced = trace(net, { id: "pepita", signal, scale: 2 }, batch);
      const feeds = drawFeeds(traced, 1);
      expectUpdates(evaluate(traced, feeds).gradients, naive(net, feeds, signal));
    }
  });
});

test("F is uniform within the He bound of the input times scale", () => {
  const traced = trace(networkCases[3]!, { id: "pepita", scale: 0.5 });
  const bound = 0.5 * Math.sqrt(6 / 24);
  const drawn = drawFeeds(traced, 1)["input.projection"]!.map(Math.abs);
  expect(drawn).toHaveLength(4 * 24);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(bound);
  expect(Math.max(...drawn)).toBeGreaterThan(0.95 * bound);
});
