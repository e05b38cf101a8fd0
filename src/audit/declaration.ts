/** Where what a rule says it reads and what its graph reads are not the same. */
import type { Network } from "../networks/index.ts";
import { betweenLayers, type Signal } from "../rules/signal.ts";
import type { Certificate } from "./certificate.ts";

/** Signals read but not declared, and declared but not read. */
export interface DeclarationGap {
  readonly undeclared: readonly Signal[];
  readonly unread: readonly Signal[];
}

/**
 * The gap between a certificate and the declaration it carries. `unread` leaves out what this network has nothing of: the slope of
 * linear units, other layers of a network with one hidden layer, other units of a layer with one.
 */
export function declarationGap({ declared, signals }: Certificate, network: Network): DeclarationGap {
  const absent = new Set<Signal>();
  const { layers } = network;
  if (layers.some(({ activation }) => activation === "linear")) absent.add("preactivation");
  if (layers.every(({ outFeatures, positions }) => outFeatures * positions < 2)) absent.add("lateral");
  // With one hidden layer all that is left of a second pass, and of what is kept for other layers, may be its input.
  if (layers.length < 2)
    for (const signal of [...betweenLayers, "secondPhase", "localHead", "noise"] as const) absent.add(signal);
  return {
    undeclared: signals.filter((signal) => !declared.includes(signal)),
    unread: declared.filter((signal) => !signals.includes(signal) && !absent.has(signal)),
  };
}

/** The gap in one sentence; undefined where there is none. */
export function gapText(rule: string, { undeclared, unread }: DeclarationGap): string | undefined {
  const parts = [
    ...(undeclared.length > 0 ? [`reads ${undeclared.join(", ")} without declaring it`] : []),
    ...(unread.length > 0 ? [`declares ${unread.join(", ")}, which nothing in it reads`] : []),
  ];
  return parts.length > 0 ? `rule ${rule}: by its graph it ${parts.join(", and ")}` : undefined;
}
