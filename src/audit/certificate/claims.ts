/** Where what a rule claims to read and what its graph reads are not the same. */
import type { Network } from "../../networks/index.ts";
import { type ChosenRule, isAtDefaults, type Signal } from "../../rules/index.ts";
import type { Certificate } from "./certificate.ts";

/** Signals read but not claimed, and claimed but not read. */
export interface ClaimGap {
  readonly unclaimed: readonly Signal[];
  readonly unread: readonly Signal[];
}

/** Signals that a network with a single hidden layer may have nothing of. */
const betweenLayers: readonly Signal[] = [
  ...(["neighbour", "otherActivity", "otherWeight"] as const),
  // All that is left of a second pass, and of what is kept for other layers, may be its input.
  ...(["secondPhase", "localHead", "noise"] as const),
];

/** A unit's drive and its output say the same of its slope: which of the two an expression reads depends on the activation. */
const unitsOwn: readonly Signal[] = ["post", "preactivation"];

/**
 * The gap between a certificate and the claim it carries. `unread` leaves out what this network has nothing of: the slope of
 * linear units, other layers of a network with one hidden layer, other units of a layer with one, other positions of layers with one.
 */
export function claimGap({ claimed, signals }: Certificate, network: Network): ClaimGap {
  const absent = new Set<Signal>();
  const { layers } = network;
  if (layers.some(({ activation }) => activation === "linear")) {
    absent.add("preactivation");
    absent.add("post");
  }
  if (layers.every(({ outFeatures, positions }) => outFeatures * positions < 2)) absent.add("lateral");
  if (layers.every(({ positions }) => positions < 2)) absent.add("positions");
  if (layers.length < 2) for (const signal of betweenLayers) absent.add(signal);
  const has = (list: readonly Signal[], signal: Signal): boolean =>
    list.includes(signal) ||
    (unitsOwn.includes(signal) && unitsOwn.some((one) => list.includes(one))) ||
    // Where a layer sees all of the layer below, that layer's activity is the input of its synapses.
    (signal === "otherInput" && list.includes("otherActivity"));
  return {
    unclaimed: signals.filter((signal) => !has(claimed, signal)),
    unread: claimed.filter((signal) => !has(signals, signal) && !absent.has(signal)),
  };
}

/** The gap in one sentence; undefined where there is none. */
export function gapText(rule: string, { unclaimed, unread }: ClaimGap): string | undefined {
  const parts = [
    ...(unclaimed.length > 0 ? [`reads ${unclaimed.join(", ")} without claiming it`] : []),
    ...(unread.length > 0 ? [`claims ${unread.join(", ")}, which nothing in it reads`] : []),
  ];
  return parts.length > 0 ? `rule ${rule}: by its graph it ${parts.join(", and ")}` : undefined;
}

/**
 * Signals that a rule reads on a network and does not claim. Claims are about default options: with others a rule is compared with nothing.
 * What is claimed and not read is no matter: another network may have what this one has not.
 */
export function unclaimedBy(certificate: Certificate, chosen: ChosenRule, network: Network): readonly Signal[] {
  return isAtDefaults(chosen) ? claimGap(certificate, network).unclaimed : [];
}

/** The same in one sentence; undefined where there is nothing. */
export function undeclaredText(rule: string, unclaimed: readonly Signal[]): string | undefined {
  return gapText(rule, { unclaimed, unread: [] });
}
