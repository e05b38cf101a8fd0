/** A graph of a rule's document, over inputs of the training room. */
import { fromData, type GraphData, GraphDataError, type Tensor } from "../graph/index.ts";
import { RuleError } from "../rules/index.ts";

/** What a graph is for, and what it may be made of: in the words of a refusal. */
const madeOf = {
  updates:
    "a graph over the inputs of its workspace, got an input of its own, NAME; ask for it by state, fixed, head or noise",
  between: "between made of a layer's activity alone, got NAME",
  scores: "scores made of symbols, weights and what is kept, got NAME",
} as const;

/** The outputs of a graph. Throws RuleError for one that is none, and for an input that `inputOf` does not know. */
export function readGraph(
  rule: string,
  what: keyof typeof madeOf,
  data: GraphData | undefined,
  inputOf: (name: string) => Tensor | undefined,
): Tensor[] {
  try {
    return fromData(data, (name) => {
      const found = inputOf(name);
      if (found !== undefined) return found;
      throw new RuleError(`rule ${rule}: expected ${madeOf[what].replace("NAME", JSON.stringify(name))}`);
    });
  } catch (error) {
    if (!(error instanceof GraphDataError)) throw error;
    throw new RuleError(`rule ${rule}: ${what}: ${error.message}`, { cause: error });
  }
}
