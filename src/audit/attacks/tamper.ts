/** What types forbid and a rule's file may do all the same. */
import type { Tensor } from "../../graph/index.ts";
import type { Registry, Variable } from "../../rules/index.ts";

interface Opened {
  readonly byName: Map<string, Variable>;
  readonly partnerByName: Map<string, object>;
}

/** The private maps of a registry. */
export function tamper(registry: Registry): Opened {
  return registry as unknown as Opened;
}

/** The attributes of an input, to be written. */
export function inputOf(node: Tensor): { name: string } {
  return node.attributes as unknown as { name: string };
}
