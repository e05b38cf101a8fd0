/** Rules of the catalogue with something added that their top layer has no business with. */
import { expect, test } from "vitest";
import { constant, type Tensor } from "../../graph/index.ts";
import { layOut } from "../../networks/index.ts";
import {
  catalogue,
  type ChosenRule,
  defineRule,
  type LayerView,
  type Updates,
  type Workspace,
} from "../../rules/index.ts";
import { certify, type LayerCertificate } from "./certificate.ts";

/** A perceptron of three hidden layers, small enough to certify every rule on many times. */
export const small = layOut(
  { positions: 2, channels: 3, classes: 4, branching: 2 },
  {
    architecture: "mlp",
    width: 2,
    widths: [2, 3, 2],
    activation: "relu",
    parametrisation: "standard",
    bias: "none",
    readout: "flatten",
  },
);

/** The same rule with other updates. */
export function changed(
  { rule, options }: ChosenRule,
  change: (workspace: Workspace, updates: Updates) => Updates,
): ChosenRule {
  const traced = defineRule({ ...rule, id: `${rule.id}-changed` }, (workspace) =>
    change(workspace, rule.trace(workspace, options)),
  );
  return { rule: traced, options };
}

/** The rule with something added to what its top layer's weights change by. */
export function tampered(chosen: ChosenRule, addition: (workspace: Workspace) => Tensor): ChosenRule {
  return changed(chosen, (workspace, updates) => {
    const [parameter] = workspace.top.parameters;
    const addend = addition(workspace);
    const own = updates.slopes.find((slope) => slope.parameter === parameter)?.gradient;
    const gradient = own?.add(addend) ?? addend.broadcastTo(parameter!.shape);
    return {
      ...updates,
      slopes: [...updates.slopes.filter((slope) => slope.parameter !== parameter), { parameter: parameter!, gradient }],
    };
  });
}

/** A hidden layer by its number, from 1. */
export const view = (workspace: Workspace, layer: number): LayerView => workspace.layers[layer - 1]!;
const nextSample = (x: Tensor): Tensor => x.gather(constant([1, 2, 0], [3], "int32"), 0);

/** What is added, and whether the top layer's certificate tells of it. */
const additions: readonly [string, (workspace: Workspace) => Tensor, (top: LayerCertificate) => boolean][] = [
  [
    "another layer's weight",
    (workspace) => view(workspace, 1).weight.sum(),
    ({ weightTransport }) => weightTransport.includes(1),
  ],
  [
    "another layer's activity",
    (workspace) => view(workspace, 1).post.mean(0).sum(),
    ({ errorNetwork, topDown }) => errorNetwork.includes(1) || topDown.some(({ kind }) => kind === "broadcast"),
  ],
  [
    "another sample's activity",
    (workspace) => {
      const { post } = view(workspace, 1);
      return post.mul(nextSample(post)).mean(0).sum();
    },
    ({ coupling }) => coupling === "dependent",
  ],
  ["the label", (workspace) => workspace.labels.cast("float32").sum(), ({ label }) => label.includes("direct")],
];

/** A certificate tells of every addition to the rules chosen, one of which at least is new to each. */
export function everyAdditionIsNoticed(of: (id: string) => boolean): void {
  test.each(catalogue.filter(({ id }) => of(id)).map((rule) => [rule.id, rule] as const))("%s", (_, rule) => {
    const before = certify(rule(), small, 2).layers.at(-1)!;
    let seen = 0;
    for (const [what, addition, notices] of additions) {
      const after = certify(tampered(rule(), addition), small, 2).layers.at(-1)!;
      expect([what, notices(after)]).toEqual([what, true]);
      seen += notices(before) ? 0 : 1;
    }
    // What a rule reads anyway it reads still; something of this is new to every rule.
    expect(seen).toBeGreaterThan(0);
  });
}
