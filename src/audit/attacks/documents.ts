/** Rules that give another document, or are another rule, when they are asked again. */
import type { ChosenRule, PartnerRequest, Rule, RuleDocument, TraceRequest } from "../../rules/index.ts";
import { writeDocument } from "../../train/write-document.ts";
import { type Attack, hebbWith, laid, layerAt, total } from "./attack.ts";

const honest = hebbWith("changing", (_, workspace) => total(layerAt(workspace, 1).post).mul(0));
const knowing = hebbWith("changing", (_, workspace) => total(layerAt(workspace, 3).stored.weight));

/** A rule that gives documents of its own. */
function giving(document: (request: TraceRequest) => RuleDocument): ChosenRule {
  const rule: Rule = Object.assign(hebbWith("giving", honestly), {
    document: (_: unknown, request: TraceRequest) => document(request),
  });
  return rule();
}

const honestly: Parameters<typeof hebbWith>[1] = (_, workspace) => total(layerAt(workspace, 1).post).mul(0);
const before = (request: TraceRequest): RuleDocument => writeDocument(honest(), request);
const after = (request: TraceRequest): RuleDocument => writeDocument(knowing(), request);

export const documents: readonly Attack[] = [
  {
    name: "a document that answers twice",
    why: "The graph of a document is computed when it is asked for: Hebb's the first time, one that reads layer 3's weight afterwards.",
    rule: () => {
      let asked = 0;
      return giving((request) => {
        const [one, other] = [before(request), after(request)];
        return Object.defineProperty({ ...one }, "updates", {
          enumerable: true,
          get: () => (++asked > 1 ? other : one).updates,
        });
      });
    },
    without: "layer3.weight",
  },
  {
    name: "a document rewritten after the audit",
    why: "What the rule claims is computed when it is asked for, which is the last thing an audit does: then the document is rewritten.",
    rule: () => {
      let rewrite = (): void => undefined;
      const chosen = giving((request) => {
        const given = before(request);
        rewrite = () => void Object.assign(given, after(request));
        return given;
      });
      Object.defineProperty(chosen.rule, "reads", { get: () => (rewrite(), ["pre", "post"]) });
      return chosen;
    },
    without: "layer3.weight",
  },
  {
    name: "a graph rewritten after the audit",
    why: "Not the document, but the list of nodes in it is rewritten.",
    rule: () => {
      let rewrite = (): void => undefined;
      const chosen = giving((request) => {
        const given = before(request);
        rewrite = () => void Object.assign(given.updates, after(request).updates);
        return given;
      });
      Object.defineProperty(chosen.rule, "reads", { get: () => (rewrite(), ["pre", "post"]) });
      return chosen;
    },
    without: "layer3.weight",
  },
  {
    name: "another document the second time",
    why: "The first document is Hebb's; later ones read layer 3's weight.",
    rule: () => {
      let asked = 0;
      return giving((request) => (++asked > 1 ? after : before)(request));
    },
    without: "layer3.weight",
  },
  {
    name: "a document behind a proxy",
    why: "Whoever asks a proxy is told what the rule likes.",
    rule: () => giving((request) => new Proxy(before(request), {})),
    refused: "rule giving: expected a document of plain data, got ",
  },
  {
    name: "a document by inheritance",
    why: "The document is empty, and has everything from its prototype.",
    rule: () => giving((request) => Object.create(before(request)) as RuleDocument),
    refused: "rule giving: batch: Invalid input: expected number, received undefined",
  },
  {
    name: "a document for another batch",
    why: "What is audited is a graph for 5 samples.",
    rule: () => giving((request) => before({ ...request, batch: 5 })),
    refused: "expected a graph for 3 inputs of 2 symbols, got another",
  },
  {
    name: "a document that runs in circles",
    why: "A node is made of itself.",
    rule: () =>
      giving((request) => {
        const given = before(request);
        return { ...given, updates: { nodes: [["neg", {}, [0]]], outputs: given.updates.outputs.map(() => 0) } };
      }),
    refused: "node 0 (neg): expected operands before it, got 0",
  },
  {
    name: "a document with a weight for a state",
    why: "The next value of layer 3's weight is given as that of a state.",
    rule: () =>
      giving((request) => {
        const given = before(request);
        return { ...given, slopes: given.slopes.slice(0, 2), next: ["layer3.weight"] };
      }),
    refused: 'expected a next value of one of its own, got "layer3.weight" (weight), which is not for it to change',
  },
  {
    name: "a document with an owner beyond the network",
    why: "What is kept belongs to layer 99.",
    rule: () =>
      giving((request) => ({
        ...before(request),
        variables: [
          {
            ...{ name: "memory", kind: "fixed", owner: 99, learningRate: "hidden" },
            ...{ shape: [1], initial: { kind: "constant", value: 0 } },
          },
        ],
      })),
    refused: "expected a layer from 1 to 4, got 99",
  },
  {
    name: "a rule that becomes another",
    why: "Who is chosen changes while it is asked: Hebb's rule at first, then one that reads layer 3's weight.",
    rule: () => {
      let asked = 0;
      return new Proxy(honest(), {
        get: (target, key): unknown => (key === "rule" && ++asked > 4 ? knowing : Reflect.get(target, key)),
      });
    },
    without: "layer3.weight",
  },
  {
    name: "a partner that changes its kind",
    why: "A request for any other example becomes one for an example of the same class once it is registered.",
    rule: () => {
      let asked = 0;
      const request = {
        get kind() {
          return ++asked > 40 ? "same-class" : "shuffled";
        },
      } as PartnerRequest;
      return hebbWith("changing-partner", (view, workspace) => laid(workspace.partner(request).at(view).post))();
    },
    without: "partner.same-class",
  },
];
