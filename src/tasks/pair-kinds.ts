/** Kinds of positive pairs, and what each one knows: where a pair comes from is part of what a rule is said to know. */

/**
 * What makes two views a positive pair.
 *
 * - `context`: neighbouring positions of one input; where a layer has one position, the two halves of the input.
 * - `halves`: two halves of the units of one activity, which predict each other without any abstraction: a negative control.
 * - `resample`: the same latents down to a level, everything below drawn again by the generator of the data (an oracle).
 * - `same-class`: another example of the same class.
 * - `shuffled`: another example, whatever its class: a control whose pairs say nothing.
 * - `noise`: the same input with independent normal noise added to every number; of symbols there is none.
 * - `dropout`: the same input with positions left blank at random.
 */
export const pairKinds = ["context", "resample", "same-class", "halves", "shuffled", "noise", "dropout"] as const;
export type PairKind = (typeof pairKinds)[number];

/** What must be known to make a pair: nothing but the input itself, the generator of the data, or the label. */
export type PairSource = "none" | "generator" | "label";

/** Where pairs of a kind come from. */
export const pairSource = {
  context: "none",
  halves: "none",
  shuffled: "none",
  noise: "none",
  dropout: "none",
  resample: "generator",
  "same-class": "label",
} as const satisfies Readonly<Record<PairKind, PairSource>>;

/**
 * A second input for every example. `part` is the example itself with all symbols, or numbers, but those from `from` to `to` (exclusive)
 * blank. `noise` adds normal noise of `deviation` times the standard deviation that a number has over the examples. `dropout` makes a
 * share `rate` of the positions blank, each on its own.
 * `level` concerns `resample`: latents at levels up to it stay (0 is the class), or up to the level for which a layer of the network
 * stands, counted from the input side.
 */
export type PartnerRequest =
  | { readonly kind: "same-class" | "shuffled" }
  | { readonly kind: "part"; readonly from: number; readonly to: number }
  | { readonly kind: "noise"; readonly deviation: number }
  | { readonly kind: "dropout"; readonly rate: number }
  | { readonly kind: "resample"; readonly level: number | { readonly layer: number } };

/** A symbol that no vocabulary has: what stands in the place of a symbol that is not shown. Its one-hot code is all zeros; a blank number is 0. */
export const blank = -1;

/**
 * What must be known to make a partner, for a network of `layers` hidden layers. Resampling below level 0 keeps the class and nothing
 * else: it knows the label. The last layer is taken to stand for the class, as it does where the network is as deep as the hierarchy.
 */
export function sourceOf(request: PartnerRequest, layers: number): PairSource {
  if (request.kind === "part") return "none";
  if (request.kind !== "resample") return pairSource[request.kind];
  const { level } = request;
  const isClass = typeof level === "number" ? level === 0 : level.layer >= layers;
  return isClass ? "label" : "generator";
}

/**
 * Name of a partner's symbols or numbers at the edge: `partner.same-class`, `partner.part.0-4`, `partner.noise.0.5`,
 * `partner.resample.level1`, `partner.resample.layer2`.
 */
export function partnerName(request: PartnerRequest): string {
  switch (request.kind) {
    case "same-class":
    case "shuffled":
      return `partner.${request.kind}`;
    case "part":
      return `partner.part.${request.from}-${request.to}`;
    case "noise":
      return `partner.noise.${request.deviation}`;
    case "dropout":
      return `partner.dropout.${request.rate}`;
    case "resample": {
      const { level } = request;
      return `partner.resample.${typeof level === "number" ? `level${level}` : `layer${level.layer}`}`;
    }
    default:
      return request satisfies never;
  }
}
