/** Expressions in the place of the leaves that stand for them. */
import { standingFor, Tensor, topological } from "../../graph/index.ts";

export class Expansion {
  private readonly done = new Map<Tensor, Tensor>();

  /** Replaces a leaf by its expression, in which leaves that were replaced before are replaced too; returns it. */
  replace(leaf: Tensor, expression: Tensor): Tensor {
    const [own] = this.apply([expression]);
    if (own === undefined) return leaf;
    this.done.set(leaf, own);
    return own;
  }

  apply(outputs: readonly Tensor[]): Tensor[] {
    for (const node of topological(outputs)) {
      if (this.done.has(node)) continue;
      const inputs = node.inputs.map((operand) => this.done.get(operand) ?? operand);
      const same = inputs.every((operand, i) => operand === node.inputs[i]);
      this.done.set(node, same ? node : standingFor(Tensor.of(node.primitive, node.attributes, ...inputs), node));
    }
    return outputs.map((output) => this.done.get(output) ?? output);
  }
}
