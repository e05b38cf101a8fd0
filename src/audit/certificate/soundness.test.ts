/**
 * Whatever a rule reads is in its certificate: to a rule of each family something is added that its top layer has no business with
 * (to every rule: soundness.slow.test.ts), and rules hide a reading in every way that the graph offers.
 */
import { describe, expect, test } from "vitest";
import { constant, type Tensor } from "../../graph/index.ts";
import { chooseRule, type State, type Workspace } from "../../rules/index.ts";
import { oneOfEachFamily } from "../../rules/testing/one-of-each.contract.ts";
import { certify, type LayerCertificate } from "./certificate.ts";
import { changed, everyAdditionIsNoticed, small, tampered, view } from "./soundness.contract.ts";

describe("a certificate notices what is added to a rule", () => {
  everyAdditionIsNoticed((id) => id !== "infomorphic" && oneOfEachFamily.includes(id));
});

describe("nothing hides a reading", () => {
  const oja = chooseRule({ id: "oja" });
  const top = (addition: Parameters<typeof tampered>[1]): LayerCertificate =>
    certify(tampered(oja, addition), small, 2).layers.at(-1)!;
  const foreign = (workspace: Workspace): Tensor => view(workspace, 1).weight;

  test.each<[string, (workspace: Workspace) => Tensor]>([
    ["a stopped gradient", (workspace) => foreign(workspace).stopGradient().sum()],
    [
      "a product with what is not known to be 0",
      (workspace) => foreign(workspace).sum().mul(workspace.labels.cast("float32").sum().relu()),
    ],
    [
      "one number for each sample",
      (workspace) => foreign(workspace).sum().mul(view(workspace, 3).post.mean(-1)).mean(),
    ],
    [
      "another layer's activity, with the weight added to it",
      (workspace) => view(workspace, 1).post.add(foreign(workspace).sum()).mean(),
    ],
  ])("behind %s", (_, addition) => {
    expect(top(addition).weightTransport).toEqual([1]);
  });

  test("a value kept from the last step is read with all it was made of, by whoever reads it", () => {
    const keeping = (
      state: (workspace: Workspace) => State,
      value: (workspace: Workspace) => Tensor,
    ): LayerCertificate[] => {
      const rule = changed(
        tampered(oja, (workspace) => state(workspace).now.sum()),
        (workspace, updates) => ({
          ...updates,
          next: [...(updates.next ?? []), state(workspace).becomes(value(workspace))],
        }),
      );
      return [...certify(rule, small, 2).layers];
    };
    const transported = (layers: readonly LayerCertificate[]) => layers.map(({ weightTransport }) => weightTransport);
    const sum = (workspace: Workspace): Tensor => foreign(workspace).sum();
    expect(transported(keeping((workspace) => view(workspace, 3).state("copy", [], 0), sum))).toEqual([[], [], [1]]);
    expect(transported(keeping((workspace) => workspace.state("copy", [], 0), sum))).toEqual([[], [], [1]]);
    // Kept by the layer whose weight it is: its own there, transported where it is read.
    expect(transported(keeping((workspace) => view(workspace, 1).state("copy", [], 0), sum))).toEqual([[], [], [1]]);
    const lateral = (value: (workspace: Workspace) => Tensor): string | undefined =>
      keeping((workspace) => view(workspace, 3).perUnit("copy", 0), value).at(-1)?.lateral.units;
    const post = (workspace: Workspace): Tensor => view(workspace, 3).post;
    expect(lateral((workspace) => post(workspace).mean().broadcastTo([1, 2]))).toBe("all");
  });

  test("activity that another layer takes for its own input is looked behind where it was made", () => {
    const found = certify(
      tampered(oja, (workspace) => {
        // Layer 2 is made to put out layer 1's weights with its activity; layer 3 answers.
        const carried = workspace.further({
          between: (layer, { post }) => (layer.index === 2 ? post.mul(foreign(workspace).sum()) : post),
        });
        return carried.at(workspace.top).preactivation.mean();
      }),
      small,
      2,
    );
    expect(found.layers.map(({ weightTransport }) => weightTransport)).toEqual([[], [1], []]);
  });

  test("a layer that is driven by what the rule chose shows its weights", () => {
    const driven = (pre: Tensor) => (workspace: Workspace) => view(workspace, 2).drive(pre).sum();
    expect(top(driven(constant([1, 0, 0, 1], [2, 2]))).weightTransport).toEqual([2]);
    expect(top(driven(constant([1, 1], [1, 2]))).weightTransport).toEqual([2]);
    const nearly = (workspace: Workspace): Tensor => {
      const { pre } = view(workspace, 2);
      return view(workspace, 2)
        .drive(pre.mul(1e-30).add(constant([1, 0, 0, 1, 0, 0], [3, 2])))
        .sum();
    };
    expect(top(nearly).weightTransport).toEqual([2]);
    const masked = (workspace: Workspace): Tensor =>
      view(workspace, 2)
        .drive(view(workspace, 2).pre.mul(constant([1, 0], [2])))
        .sum();
    expect(top(masked).weightTransport).toEqual([2]);
    const own = (workspace: Workspace): Tensor =>
      view(workspace, 2)
        .drive(view(workspace, 1).weight.narrow(0, 0, 2))
        .sum();
    expect(top(own).weightTransport).toEqual([1, 2]);
  });

  test("symbols read in a deep layer are activity from elsewhere, a pass run again on them is the same pass", () => {
    const symbols = top((workspace) => workspace.input.sum());
    expect(symbols.signals).toContain("otherActivity");
    expect(symbols.errorNetwork).toEqual([0]);
    const again = top((workspace) => workspace.further({}).at(workspace.top).preactivation.sum());
    const own = top((workspace) => workspace.top.preactivation.sum());
    expect(again).toEqual(own);
  });

  test("exact algebra removes a reading: a product with 0, a value nobody uses", () => {
    expect(top((workspace) => foreign(workspace).mul(0).sum()).weightTransport).toEqual([]);
    expect(top((workspace) => (foreign(workspace).sum(), view(workspace, 3).pre.sum())).weightTransport).toEqual([]);
  });
});
