export { type Arrival, type Certificate, certificateOf, certify, type LayerCertificate } from "./certificate.ts";
export { type Coupling } from "./coupling.ts";
export { type DeclarationGap, declarationGap, gapText } from "./declaration.ts";
export { type LayerId } from "./information-flow.ts";
export { type LateralReach } from "./lateral.ts";
export { type CertificateSummary, summaryOf } from "./summary.ts";
