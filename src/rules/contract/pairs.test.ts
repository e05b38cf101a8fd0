/** Where two views of one thing come from, by naive passes over the strings; and the parts that rules of the family are made of. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { relativeError } from "../../graph/finite-difference.contract.ts";
import { constant, input, type Tensor } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { partnerName } from "../../tasks/index.ts";
import { catalogue } from "../catalogue.ts";
import { naivePass, oneHotInput } from "../testing/naive-pass.contract.ts";
import {
  type Cube,
  drawFeeds,
  type Feeds,
  networkCase,
  type NetworkCase,
  trace,
} from "../testing/rule-cases.contract.ts";
import {
  defineRule,
  type LayerView,
  nextExample,
  offDiagonalSquares,
  pairedViews,
  type PairOptions,
  pairOptions,
  project,
  RuleError,
  shiftedIdentity,
  type Workspace,
} from "./index.ts";

const batch = 3;
const options = z.strictObject(pairOptions);
const chosen = (given: Partial<PairOptions>): PairOptions => options.parse(given);

/** The two views of every layer, as numbers; and what the views were made from. */
function viewsOf(net: NetworkCase, given: Partial<PairOptions>, of: "post" | "preactivation" = "post") {
  let found: (readonly [Tensor, Tensor])[] = [];
  const rule = defineRule(
    { id: "test", family: "test", equation: "", source: "", relation: "none", reads: [], options },
    (workspace: Workspace, settled: PairOptions) => {
      found = workspace.layers.map((view) => pairedViews(view, settled, workspace, of));
      return { slopes: [] };
    },
  );
  const traced = trace(net, rule(given), batch);
  const feeds = drawFeeds(traced, 2);
  const values = interpret(found.flat(), feeds);
  const views = found.map(([here, there], l) => ({
    here: { shape: here.shape, values: [...values[2 * l]!.values] },
    there: { shape: there.shape, values: [...values[2 * l + 1]!.values] },
  }));
  return {
    traced,
    feeds,
    views,
    requests: traced.workspace.registry.partners.map(({ request }) => partnerName(request)),
  };
}

/** Activity of every layer on other strings, [batch][position][unit]. */
const activityOn = (net: NetworkCase, feeds: Feeds, tokens: readonly number[]): Cube[] =>
  naivePass(net, { ...feeds, tokens }).layers.map(({ post }) => post);

/** Row-major values of [comparison][example][feature], with positions as comparisons or side by side. */
const laidOut = (x: Cube, positions: "each" | "together"): number[] =>
  positions === "together" ? x.flat(2) : x[0]!.flatMap((_, p) => x.flatMap((example) => example[p]!));

const nets = [
  networkCase("tree-cnn", { widths: [4, 6, 2], bias: "shared" }),
  networkCase("locally-connected", { widths: [4, 6, 2], bias: "per-position" }),
  networkCase("mlp", { symbols: 5, widths: [4, 6] }),
];
const named = nets.map((net) => [net.name, net] as const);

test("by default a pair is two parts of one input, for every rule that has pairs", () => {
  expect(chosen({})).toMatchObject({ pair: "context", level: "layer", positions: "together" });
  const paired = catalogue.filter(({ options: schema }) => schema instanceof z.ZodObject && "pair" in schema.shape);
  expect(paired.map(({ id }) => id)).toEqual([
    ...["info-nce", "simclr", "clapp", "barlow-twins", "vicreg", "lpl", "greedy-infomax", "scff"],
  ]);
  for (const rule of paired) expect(rule().options, rule.id).toMatchObject({ pair: "context" });
});

describe.each([["same-class"], ["shuffled"]] as const)("pair=%s", (pair) => {
  test.each(named)("%s: the activity for one partner, the same for all layers", (_, net) => {
    for (const positions of ["each", "together"] as const) {
      const { feeds, views, requests } = viewsOf(net, { pair, positions });
      expect(requests).toEqual([`partner.${pair}`]);
      const [own, other] = ["tokens", `partner.${pair}`].map((name) => activityOn(net, feeds, feeds[name]!));
      views.forEach(({ here, there }, l) => {
        const { positions: places, outFeatures } = net.network.layers[l]!;
        const shape = positions === "each" ? [places, batch, outFeatures] : [1, batch, places * outFeatures];
        expect([here.shape, there.shape]).toEqual([shape, shape]);
        expect(relativeError(here.values, laidOut(own![l]!, positions))).toBeLessThan(1e-12);
        expect(relativeError(there.values, laidOut(other![l]!, positions))).toBeLessThan(1e-12);
      });
    }
  });
});

describe("pair=resample", () => {
  test.each(named)("%s: with level=layer every layer has a partner of its own level", (_, net) => {
    const { feeds, views, requests } = viewsOf(net, { pair: "resample" });
    expect(requests).toEqual(net.network.layers.map(({ index }) => `partner.resample.layer${index}`));
    views.forEach(({ here, there }, l) => {
      const [own, other] = ["tokens", requests[l]!].map((name) => activityOn(net, feeds, feeds[name]!)[l]!);
      expect(relativeError(here.values, laidOut(own!, "together"))).toBeLessThan(1e-12);
      expect(relativeError(there.values, laidOut(other!, "together"))).toBeLessThan(1e-12);
    });
  });

  test("with a level as a number all layers have one partner, of that level", () => {
    const { feeds, views, requests } = viewsOf(nets[0]!, { pair: "resample", level: 0 });
    expect(requests).toEqual(["partner.resample.level0"]);
    const other = activityOn(nets[0]!, feeds, feeds["partner.resample.level0"]!);
    views.forEach(({ there }, l) =>
      expect(relativeError(there.values, laidOut(other[l]!, "together"))).toBeLessThan(1e-12),
    );
  });
});

describe("pair=context", () => {
  test.each(named)(
    "%s: neighbouring positions, or two halves of the input where a layer has one position",
    (_, net) => {
      for (const positions of ["each", "together"] as const) {
        const { feeds, views } = viewsOf(net, { pair: "context", positions });
        const own = activityOn(net, feeds, feeds["tokens"]!);
        const { layers } = net.network;
        views.forEach(({ here, there }, l) => {
          const { positions: places } = layers[l]!;
          const sides = (): readonly [Cube, Cube] => {
            if (places > 1) {
              // Patches of two here: even positions and the next ones.
              const side = (parity: number): Cube =>
                own[l]!.map((example) => example.filter((__, p) => p % 2 === parity));
              return [side(0), side(1)];
            }
            // The other half of the input is zeros; of five symbols the first three are the first half.
            const first = Math.ceil(net.symbols / 2) * net.vocabulary;
            const { channels } = net.network.input;
            const half = (isFirst: boolean): Cube => {
              const shown = oneHotInput(net, feeds).map((example) =>
                example.map((units, p) => units.map((x, c) => (p * channels + c < first === isFirst ? x : 0))),
              );
              return naivePass(net, feeds, { input: shown }).layers[l]!.post;
            };
            return [half(true), half(false)];
          };
          const [one, other] = sides();
          expect(relativeError(here.values, laidOut(one, positions))).toBeLessThan(1e-12);
          expect(relativeError(there.values, laidOut(other, positions))).toBeLessThan(1e-12);
          expect(relativeError(here.values, there.values)).toBeGreaterThan(0.01);
        });
      }
    },
  );

  test("no other example and no label is asked for, only parts of the input itself", () => {
    const { traced } = viewsOf(nets[0]!, { pair: "context" });
    for (const { request } of traced.workspace.registry.partners) expect(request.kind).toBe("part");
    expect(viewsOf(networkCase("tree-cnn"), { pair: "context" }).requests).toEqual([]);
  });

  test("a layer of one position cuts the input between the positions below it", () => {
    // Three positions below: the first half has two of them, four symbols of six.
    const net = networkCase("tree-cnn", { symbols: 6, widths: [4] });
    const [layer] = net.network.layers;
    const deep: NetworkCase = {
      ...net,
      network: {
        ...net.network,
        layers: [layer!, { ...layer!, index: 2, name: "layer2", positions: 1, inFeatures: 12, outFeatures: 5 }],
        readout: { ...net.network.readout, index: 3, inFeatures: 5 },
      },
    };
    const { feeds, views } = viewsOf(deep, { pair: "context" });
    const shown = oneHotInput(deep, feeds).map((example) =>
      example.map((units, p) => (p < 4 ? units : units.map(() => 0))),
    );
    const expected = naivePass(deep, feeds, { input: shown }).layers[1]!.post;
    expect(relativeError(views[1]!.here.values, expected.flat(2))).toBeLessThan(1e-12);
  });
});

describe("pair=halves", () => {
  test("is the first and the second half of the units at every position", () => {
    for (const of of ["post", "preactivation"] as const) {
      const { feeds, views, requests } = viewsOf(nets[0]!, { pair: "halves", positions: "each" }, of);
      expect(requests).toEqual([]);
      naivePass(nets[0]!, feeds).layers.forEach((values, l) => {
        const side = (first: boolean): Cube =>
          values[of].map((example) => example.map((units) => units.filter((_, j) => j < units.length / 2 === first)));
        expect(relativeError(views[l]!.here.values, laidOut(side(true), "each"))).toBeLessThan(1e-12);
        expect(relativeError(views[l]!.there.values, laidOut(side(false), "each"))).toBeLessThan(1e-12);
      });
    }
  });

  test("needs an even number of units", () => {
    expect(() => viewsOf(networkCase("tree-cnn", { widths: [4, 5] }), { pair: "halves" })).toThrow(
      new RuleError("rule.pair=halves: expected an even number of units in every layer, got 5 in layer2"),
    );
  });
});

describe("parts", () => {
  const x = constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]);
  const values = (tensor: Tensor, feeds: Feeds = {}): number[] => [...interpret([tensor], feeds)[0]!.values];

  test("the next example takes the place of each, within a comparison; alone it is its own next", () => {
    expect(values(nextExample(x))).toEqual([3, 4, 5, 6, 1, 2, 9, 10, 11, 12, 7, 8]);
    const single = x.narrow(1, 0, 1);
    expect(values(nextExample(single))).toEqual([1, 2, 7, 8]);
  });

  test("a shifted identity has a one where row i meets column i + shift, counting round", () => {
    expect(values(shiftedIdentity(3))).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
    expect(values(shiftedIdentity(3, 2))).toEqual([0, 0, 1, 1, 0, 0, 0, 1, 0]);
  });

  test("squares off the diagonal are summed for each comparison", () => {
    expect(values(offDiagonalSquares(constant([1, 2, 3, 4, 5, 6, 7, 8], [2, 2, 2])))).toEqual([4 + 9, 36 + 49]);
  });

  /** The first layer of a network, which may keep heads. */
  const viewOf = (net: NetworkCase): readonly [LayerView, Workspace] => {
    const { workspace } = trace(net, { id: "frozen" }, batch);
    return [workspace.layers[0]!, workspace];
  };

  test("a projector maps both views of all comparisons with one matrix, or two around a ReLU", () => {
    const [view, workspace] = viewOf(nets[0]!);
    const views = input("x", [2, 3, 2]);
    const feeds = {
      x: values(x),
      "layer1.projectorHidden": [1, -2, 2, 0.5, 1, -1],
      "layer1.projector": [1, 0, 2, -1, 3, 1, 0, 0, 1],
    };
    expect(project(view, views, { projector: "none", projectorSize: 7 })).toBe(views);
    const mlp = project(view, views, { projector: "mlp", projectorSize: 3 });
    const expected = [1, 3, 5, 7, 9, 11].flatMap((a) => {
      const hidden = [0, 1, 2].map((j) => {
        const [w, v] = [feeds["layer1.projectorHidden"][j]!, feeds["layer1.projectorHidden"][3 + j]!];
        return Math.max(0, a * w + (a + 1) * v);
      });
      return [0, 1, 2].map((k) => hidden.reduce((sum, h, j) => sum + h * feeds["layer1.projector"][3 * j + k]!, 0));
    });
    expect(values(mlp, feeds)).toEqual(expected);
    const heads = workspace.registry.variables.filter(({ kind }) => kind === "head");
    expect(heads.map(({ name, shape, initial }) => [name, shape, initial])).toEqual([
      ["layer1.projectorHidden", [2, 3], { kind: "normal", deviation: 1 }],
      ["layer1.projector", [3, 3], { kind: "normal", deviation: Math.sqrt(1 / 3) }],
    ]);
  });

  test("a linear projector has one matrix, of as many outputs as inputs where its size is 0", () => {
    const [view, workspace] = viewOf(nets[0]!);
    expect(project(view, input("x", [2, 3, 8]), { projector: "linear", projectorSize: 0 }).shape).toEqual([2, 3, 8]);
    const heads = workspace.registry.variables.filter(({ kind }) => kind === "head");
    expect(heads.map(({ name, shape, initial }) => [name, shape, initial])).toEqual([
      ["layer1.projector", [8, 8], { kind: "normal", deviation: Math.sqrt(1 / 8) }],
    ]);
  });
});
