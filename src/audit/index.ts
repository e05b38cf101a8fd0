/** Audits: what a rule must know (`certificate/`), and what its update brings at what cost (`channel/`). */
export {
  type Arrival,
  type Certificate,
  certificateOf,
  certify,
  type Coupling,
  type LateralReach,
  type LayerCertificate,
  type LayerId,
  type PairUse,
  type Scopes,
  type Verdict,
} from "./certificate/certificate.ts";
export { type ClaimGap, claimGap, gapText, unclaimedBy, undeclaredText } from "./certificate/claims.ts";
export { type Scope } from "./certificate/scope.ts";
export { type CertificateSummary, summaryOf } from "./certificate/summary.ts";
export { type WhyNode, whyOf, type WhyPath } from "./certificate/why.ts";
export { type ChannelMeasurement, type ChannelOptions, measureChannel } from "./channel/measure.ts";
export { operationOrder, type Order } from "./channel/order.ts";
export { type ChannelSummary, rateClaim, type RateClaim, summariseChannel } from "./channel/summary.ts";
