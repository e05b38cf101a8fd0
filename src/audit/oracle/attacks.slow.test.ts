/** Attacks against what really moves them: where a certificate is issued, whatever moves an update is in it. */
import { describe, expect, test } from "vitest";
import { attacks } from "../attacks/all.ts";
import { inputLength, networkNamed } from "../attacks/attack.ts";
import { certify } from "../certificate/certificate.ts";
import { contradictions } from "./contradictions.contract.ts";
import { factsOf } from "./facts.contract.ts";

/** Indices outside of their axis mean nothing here, and something else on every engine. */
const undefinedHere: readonly string[] = ["an index of minus one", "an index beyond the end"];

const issued = Object.entries(attacks).flatMap(([kind, those]) =>
  those.flatMap((attack) => {
    const isWatchable = "rule" in attack && "exposed" in attack && attack.on !== "wide";
    return isWatchable && !undefinedHere.includes(attack.name) ? [[kind, attack.name, attack] as const] : [];
  }),
);

describe("the certificates of attacks that are exposed", () => {
  test.each(issued)("%s: %s", (_kind, _name, { rule, on = "mlp" }) => {
    const network = networkNamed(on);
    const net = { name: on, network, symbols: inputLength[on], vocabulary: 3 };
    const chosen = rule();
    expect(contradictions(certify(chosen, network, net.symbols), factsOf(net, chosen, [1])).join("\n")).toBe("");
  });
});
