/** Honest rules are certified with what they read: what is done against attacks must not make them look worse. */
import { describe, expect, test } from "vitest";
import { certify } from "../certificate/certificate.ts";
import { inputLength, networkNamed } from "./attack.ts";
import { honest, joiningPositions } from "./honest.ts";

describe.each(["mlp", "tree"] as const)("on a %s, as it should be", (network) => {
  test.each(honest.map((one) => [one.name, one] as const))("%s", (name, { rule, signals }) => {
    const certificate = certify(rule(), networkNamed(network), inputLength[network]);
    const joined = network === "tree" && joiningPositions.includes(name) ? (["positions"] as const) : [];
    expect([...certificate.signals].sort()).toEqual([...signals, ...joined].sort());
  });
});

test("those that join positions are among them", () => {
  expect(joiningPositions.filter((name) => !honest.some((one) => one.name === name))).toEqual([]);
});
