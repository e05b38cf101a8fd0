import { expect, test } from "vitest";
import { channelFigure, type RatePoint } from "./channel-figure.ts";
import { figureDocument } from "./figure.node.ts";

const point = (rule: string, layer: number, step: number, mean: number): RatePoint => ({
  rule,
  layer,
  step,
  mean,
  low: mean / 2,
  high: 2 * mean,
});

const points = [0, 50].flatMap((step) =>
  [1, 2, 3].flatMap((layer) => [
    point("backprop", layer, step, 0.2),
    point("dfa", layer, step, step === 0 && layer === 2 ? -0.001 : 0.001 * layer),
    point("frozen", layer, step, 0),
  ]),
);
const draw = (shown: readonly RatePoint[]) =>
  channelFigure(shown, { baseline: "backprop", document: figureDocument() });
const filled = (svg: string): number => (svg.match(/<path[^>]*transform="translate/g) ?? []).length;

test("a panel a step, a mark a layer and rule, rules without a rate left out", () => {
  const figure = draw(points);
  if ("missing" in figure) throw new Error(figure.missing);
  expect(figure.svg).toContain("at initialisation");
  expect(figure.svg).toContain("after 50 steps");
  expect(figure.svg).toContain("10⁻¹");
  expect(figure.svg).not.toContain("frozen");
  expect(figure.alt).toContain("dfa, layer 2, step 0: -0.0010");
  const without = draw(points.filter(({ layer }) => layer !== 2));
  if ("missing" in without) throw new Error(without.missing);
  expect(filled(figure.svg) - filled(without.svg)).toBeGreaterThan(0);
});

test("a line breaks where the rate is not above 0", () => {
  const moves = (shown: readonly RatePoint[]): number => {
    const figure = draw(shown);
    return "missing" in figure ? 0 : (figure.svg.match(/d="M[^"]*"/g) ?? []).join("").split("M").length;
  };
  const whole = points.map((one) => ({ ...one, mean: Math.abs(one.mean) }));
  expect(moves(points)).toBeGreaterThan(moves(whole));
});

test("nothing to draw is said", () => {
  expect(draw([point("frozen", 1, 0, 0)])).toMatchObject({ missing: "No rule has a rate above 0." });
});
