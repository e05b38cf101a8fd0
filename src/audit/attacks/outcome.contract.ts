/** What becomes of an attack: it is run as anybody's rule would be, and certified on its own step. */
import { is, sizeOf, topological } from "../../graph/index.ts";
import { interpret } from "../../runtime/interpreter.ts";
import { lower } from "../../runtime/index.ts";
import { type ChosenRule, RuleError } from "../../rules/index.ts";
import { drawFeeds, type Feeds, trace } from "../../rules/testing/rule-cases.contract.ts";
import { buildStep, type StepGraph } from "../../train/index.ts";
import { certificateOf, certify } from "../certificate/certificate.ts";
import { type Attack, inputLength, networkNamed, type NetworkName } from "./attack.ts";
import type { generated } from "./generator.ts";

/** How an attack failed, in the word of its failure (`attack.ts`), or what it did instead. */
export type Outcome = "exposed" | "refused" | "runs without" | `deceives${string}` | `refused otherwise: ${string}`;

/** How an attack is to fail. */
export const failureOf = (attack: Attack): Outcome =>
  "exposed" in attack ? "exposed" : "refused" in attack ? "refused" : "runs without";

/** What becomes of an attack, as a rule that is chosen once and then audited, run and audited again. */
export function outcome(
  attack: Attack,
  choose: () => ChosenRule,
  { on = "mlp", batch = 3 }: { readonly on?: NetworkName | undefined; readonly batch?: number | undefined } = {},
): Outcome {
  try {
    const rule = choose();
    const network = networkNamed(on);
    const before = certify(rule, network, inputLength[on], batch);
    const steps = (["sgd", "adam"] as const).map((kind) =>
      buildStep({ network, rule, optimiser: { ...optimiser, kind }, batch }, inputLength[on]),
    );
    for (const { outputs } of steps) lower(outputs);
    const certificates = [before, ...steps.map(({ traced }) => certificateOf(traced))];
    if ("exposed" in attack) return certificates.every(attack.exposed) ? "exposed" : "deceives";
    if ("refused" in attack) return "deceives: it is not refused";
    const [step] = steps;
    if (step === undefined) return "deceives";
    const feeds = drawFeeds(trace({ name: on, network, symbols: inputLength[on], vocabulary: 3 }, rule, batch), 1);
    return movesWith(step, feeds, attack.without) ? `deceives: it moves with ${attack.without}` : "runs without";
  } catch (error) {
    return wasRefused(attack, error) ? "refused" : `refused otherwise: ${String(error)}`;
  }
}

/** Those of attacks by lot (`generator.ts`) that their certificate does not expose. */
export function deceiving(attacks: readonly ReturnType<typeof generated>[]): string[] {
  return attacks
    .filter(({ rule, on, exposed }) => !exposed(certify(rule(), networkNamed(on), inputLength[on])))
    .map(({ name, why }) => `${name}: ${why}`);
}

const optimiser = { momentum: 0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;

function wasRefused(attack: Attack, error: unknown): boolean {
  if (!("refused" in attack) || !(error instanceof Error)) return false;
  const { refused, by = "RuleError" } = attack;
  return error.name === by && error instanceof RuleError === (by === "RuleError") && error.message.includes(refused);
}

/** Whether layer 1 learns from an input of the step. */
function movesWith({ outputs }: StepGraph, given: Feeds, name: string): boolean {
  const watched = Object.entries(outputs).flatMap(([output, value]) =>
    output.startsWith("next.layer1.") ? [value] : [],
  );
  const feeds: Record<string, readonly number[]> = { ...given };
  for (const node of topological(watched))
    if (is(node, "input")) feeds[node.attributes.name] ??= new Array<number>(sizeOf(node.shape)).fill(0.1);
  const secret = feeds[name];
  if (secret === undefined) return false;
  const valuesAt = (at: readonly number[]): number[] =>
    interpret(watched, { ...feeds, [name]: at }).flatMap(({ values }) => Array.from(values));
  const [one, other] = [valuesAt(secret), valuesAt(secret.map((value, i) => value + 0.3 * Math.sin(1 + i)))];
  return one.some((value, i) => !Object.is(value, other[i]));
}
