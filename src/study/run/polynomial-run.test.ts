import { describe, expect, it } from "vitest";
import { overridesOf } from "../../cli/overrides-of.ts";
import { completeSpec } from "./build.ts";
import { expand } from "../spec/expand.ts";
import { runIdentity } from "../spec/identity.ts";
import { inlineStudy } from "../spec/load.ts";
import { parseOverrides } from "../spec/overrides.ts";
import { RunSpec } from "../spec/spec.ts";
import { ruleIdOf } from "./user-rules.ts";

const complete = (...words: readonly string[]): RunSpec => completeSpec(RunSpec.parse(parseOverrides(words).base));

describe("a polynomial in the place of a rule's name", () => {
  it("is one run however it is written", () => {
    const texts = ["O*I - w*O^2", "I*O - w*O*O", "(I - O*w)*O", "O*I - 1.0*O^2*w"];
    const identities = texts.map((text) => runIdentity(complete(`rule=${text}`)));
    expect(new Set(identities).size).toBe(1);
    expect(runIdentity(complete("rule=O*I - 2*w*O^2"))).not.toBe(identities[0]);
    expect(complete("rule=I*O - w*O*O").rule).toEqual({ id: "O*I - O^2*w", activity: "post", learnBias: false });
  });

  it.each([
    ["rule=O*I - w*O^2", "rule.activity=preactivation"],
    ["rule=-w"],
    ["rule=T*I - g*w", "rule.g=0.25", "rule.channel=random"],
    ["rule=O*(O - E[O^2])*I", "rule.averageRate=0.5", "rule.initialAverage=1"],
  ])("%s is said in words that give it again", (...words) => {
    const spec = complete(...words);
    expect(runIdentity(complete(...overridesOf(spec)))).toBe(runIdentity(spec));
    expect(overridesOf(spec)).toHaveLength(words.length);
  });

  it("stands in a grid beside named rules", () => {
    const rules = expand(inlineStudy(["rule=O*I - w*O^2,oja,O*(O - E[O^2])*I"])).map(({ spec }) => spec.rule.id);
    expect(rules).toEqual(["O*I - O^2*w", "oja", "O^2*I - E[O^2]*O*I"]);
  });

  it.each([
    [["rule=O I"], "polynomial: column 3: expected a sign before it"],
    [["rule=O*I - g*w"], "rule.g: expected a number for the constant g"],
    [["rule=O*I", "rule.g=1"], "rule.g: expected an option of O*I (activity, learnBias)"],
    [["rule=O*I - O*I"], "expected a polynomial that is not 0"],
    [["rule=ojaa"], 'did you mean "oja"?'],
  ])("%j is refused: %s", (words, message) => expect(() => complete(...words)).toThrow(message));

  it("has a name for tables", () => {
    expect(ruleIdOf("w*O - O*I")).toBe("-O*I + O*w");
    expect(ruleIdOf("dfa")).toBe("direct-feedback-alignment");
  });
});
