/** Names that an object has not, told with the nearest that it has: a rule that misspells one reads of it, not of `undefined`. */
import { suggestion } from "./options.ts";
import { RuleError } from "./signal.ts";

/** What test runners, promises and serialisers ask every object for. */
const asked: ReadonlySet<string> = new Set(["then", "toJSON", "asymmetricMatch", "nodeType", "tagName", "constructor"]);

/** Makes instances of a class throw RuleError when they are asked for a property that they do not have; `what` names them. */
export function refuseMisspelt(of: { readonly prototype: object }, what: string): void {
  const unknown = new Proxy(Object.prototype, {
    get: (target, name, receiver: object) => {
      if (typeof name === "symbol" || name in target || asked.has(name) || /^[$@_]/.test(name))
        return Reflect.get(target, name, receiver) as unknown;
      throw new RuleError(
        `${what}: expected one of its properties, got "${name}"${suggestion(name, namesOf(receiver))}`,
      );
    },
  });
  Object.setPrototypeOf(of.prototype, unknown);
}

function namesOf(instance: object): string[] {
  const own = Object.getOwnPropertyNames(instance);
  const shared = Object.getOwnPropertyNames(Object.getPrototypeOf(instance) as object);
  return [...own, ...shared].filter((name) => name !== "constructor");
}
