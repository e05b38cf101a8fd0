/**
 * Where a certificate lacks what really moves an update. Every entry of a certificate allows some movements, and what none of them allows
 * contradicts it. A rule that runs passes of its own, in steps that the oracle cannot hold, reads there what other layers' activity is made of:
 * to such a layer all is allowed that is allowed to the layers whose activity it reads.
 */
import type { Certificate, LayerCertificate } from "../certificate/certificate.ts";
import type { Fact, Place } from "./facts.contract.ts";

/** A sentence for each movement that the certificate does not allow. */
export function contradictions(certificate: Certificate, facts: readonly Fact[]): string[] {
  return facts.flatMap((fact) => {
    const own = certificate.layers[fact.layer - 1];
    if (own === undefined) throw new Error(`internal: a fact about layer ${fact.layer}, which is not certified`);
    const lacks = lackingIn(certificate, own, fact);
    return lacks === undefined ? [] : [`${movement(fact)}, and the certificate has ${lacks}`];
  });
}

function movement({ layer, moved, of, before, own }: Fact): string {
  const whose =
    of === undefined ? "" : ` of ${of === "readout" ? "the read-out" : of === 0 ? "the input" : `layer ${of}`}`;
  const which =
    own === undefined ? "" : ` ${own.from} (moving units ${own.units.join(" ")}, inputs ${own.inputs.join(" ")})`;
  return `the update of layer ${layer} moves with the ${moved}${which}${whose}${before ? " in the step before" : ""}`;
}

/** Layers whose activity may be in a layer's update with all that it is made of. */
function sources({ layers }: Certificate, { layer, signals }: LayerCertificate): LayerCertificate[] {
  const found = new Set([layer]);
  if (signals.includes("secondPhase")) {
    for (const one of found) {
      for (const other of [one - 1, ...(layers[one - 1]?.errorNetwork ?? [])])
        if (typeof other === "number" && other > 0) found.add(other);
    }
  }
  return [...found].flatMap((one) => layers[one - 1] ?? []);
}

const judges = ({ signals }: LayerCertificate): boolean =>
  signals.includes("broadcast") || signals.includes("outputError");

const arrives = ({ topDown }: LayerCertificate, ...kinds: string[]): boolean =>
  topDown.some(({ kind }) => kinds.includes(kind));

/** What is missing, in words; undefined where the movement is allowed. */
function lackingIn(certificate: Certificate, own: LayerCertificate, fact: Fact): string | undefined {
  const all = sources(certificate, own);
  const some = (holds: (layer: LayerCertificate) => boolean): boolean => all.some(holds);
  const remembers = some(
    ({ memory, signals }) => memory.remembered > 0 || signals.includes("localHead") || signals.includes("neighbour"),
  );
  if (fact.before && !remembers) return "nothing remembered";
  // One number of an example, or an error at other scores, may be made of all that further passes compute.
  const isJudged = some(judges) && certificate.phases > 1;
  const { of } = fact;
  switch (fact.moved) {
    case "weights":
      if (of === own.layer) return lackingOfOwn(certificate, own, fact, "weight");
      return isJudged || some((layer) => readsWeights(layer, own, of)) ? undefined : `no weight transport from it`;
    case "kept":
      return lackingOfKept(all, own, of);
    case "activity":
      if (of === own.layer) return lackingOfOwn(certificate, own, fact, "post");
      return lackingOfActivity(all, own, fact);
    case "pre":
      if (!some(({ signals }) => signals.some((one) => one === "pre" || one === "secondPhase" || one === "pair")))
        return "no signal pre";
      return lackingOfOwn(certificate, own, fact, "pre");
    case "label":
      return some(({ label }) => label.some((way) => way !== "pairs")) ? undefined : "no label but in pairs";
    case "symbols":
      return some((layer) => layer.errorNetwork.includes(0) || arrives(layer, "input")) ? undefined : "no input";
    case "partner symbols":
    case "partner":
      return some((layer) => layer.pairs.length > 0 || arrives(layer, "broadcast")) ? undefined : "no pairs";
    case "noise":
      return some((layer) => layer.signals.includes("noise") || arrives(layer, "broadcast")) ? undefined : "no noise";
    case "sample":
      return fact.before || own.coupling !== "none" ? undefined : "coupling none";
    case "samples":
      return own.coupling === "dependent" ? undefined : `coupling ${own.coupling}`;
    case "positions":
      return own.lateral.positions || !isByItself(certificate, own) ? undefined : "positions apart";
    default:
      return fact.moved satisfies never;
  }
}

/** Another layer's weights: read as such, or behind activity of that layer which is read. */
function readsWeights(layer: LayerCertificate, own: LayerCertificate, of: Place | undefined): boolean {
  // The read-out has no certificate of its own: what it answers in a pass that the rule makes cannot be held.
  const answers = of === "readout" && layer.signals.includes("secondPhase") && layer.errorNetwork.includes(of);
  return answers || (of !== undefined && layer.weightTransport.includes(of)) || (layer !== own && layer.layer === of);
}

/** What a layer keeps; of values of the whole network none need be named but those that remember. */
function lackingOfKept(
  all: readonly LayerCertificate[],
  own: LayerCertificate,
  of: Place | undefined,
): string | undefined {
  if (of === undefined || of === own.layer || all.some(({ layer }) => layer === of)) return undefined;
  return all.some(({ signals }) => signals.includes("neighbour")) ? undefined : "no neighbour";
}

function lackingOfActivity(
  all: readonly LayerCertificate[],
  own: LayerCertificate,
  { of, layer }: Fact,
): string | undefined {
  // A unit that sees all inputs of its layer sees the layer below, where the layer does.
  if (of === undefined || (of === layer - 1 && own.scopes.pre === "unit")) return undefined;
  const isAllowed = all.some(
    (one) =>
      one.errorNetwork.includes(of) ||
      (one !== own && one.layer === of) ||
      (of === "readout" ? judges(one) : arrives(one, "broadcast")) ||
      (of === 0 && arrives(one, "input")),
  );
  if (!isAllowed) return "no activity of it";
  const { forward, update } = own.locking;
  const waits = of === 0 || forward.includes(of) || update.includes(of);
  return waits ? undefined : "no lock on it";
}

/** Whether nothing comes to a layer but what the oracle can hold: else its own may come back to it, by other layers or by other scores. */
function isByItself({ phases }: Certificate, own: LayerCertificate): boolean {
  const isJudgedAgain = judges(own) && phases > 1;
  return !own.signals.includes("secondPhase") && !arrives(own, "broadcast") && !isJudgedAgain;
}

/** What is the layer's own, and how far it reaches in its weights. */
function lackingOfOwn(
  certificate: Certificate,
  own: LayerCertificate,
  { own: reach }: Fact,
  kind: "pre" | "post" | "weight",
): string | undefined {
  if (reach === undefined || reach.units.length === 0 || !isByItself(certificate, own)) return undefined;
  const scope = own.scopes[kind];
  if (scope === undefined) return `no scope of ${kind}`;
  if (kind === "pre")
    return scope === "synapse" && reach.inputs.some((one) => one !== reach.from) ? `scope of pre ${scope}` : undefined;
  const others = reach.units.filter((unit) => unit !== reach.from);
  if (others.length === 0) return undefined;
  if (scope !== "layer") return `scope of ${kind} ${scope}`;
  const { units } = own.lateral;
  if (units === "none" || (units === "ordered" && others.includes(0))) return `lateral reach ${units}`;
  return undefined;
}
