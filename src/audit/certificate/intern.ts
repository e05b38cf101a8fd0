/**
 * Equal expressions made one node: two graphs that were written apart are compared by identity.
 *
 * Nothing is rewritten but what has no meaning for a value: stopped gradients, and movements that move nothing. What a rule computes
 * again in the very way in which the network computes it is thereby the network's own; anything else is another expression.
 */
import { is, sameShape, standingFor, Tensor, topological } from "../../graph/index.ts";

export class Interner {
  private readonly byKey = new Map<string, Tensor>();
  private readonly ids = new Map<Tensor, number>();
  private readonly known = new Map<Tensor, Tensor>();

  /** The same expressions over shared nodes. Inputs stay themselves. */
  intern(outputs: readonly Tensor[]): Tensor[] {
    for (const node of topological(outputs)) if (!this.known.has(node)) this.known.set(node, this.share(node));
    return outputs.map((output) => this.of(output));
  }

  /** The shared node of one expression. */
  one(output: Tensor): Tensor {
    return this.intern([output])[0] ?? output;
  }

  private of(node: Tensor): Tensor {
    return this.known.get(node) ?? node;
  }

  private share(node: Tensor): Tensor {
    if (is(node, "input")) return node;
    const inputs = node.inputs.map((operand) => this.of(operand));
    const [x] = inputs;
    if (x !== undefined && changesNothing(node, x)) return x;
    const ids = inputs.map((operand) => this.idOf(operand)).join(" ");
    const key = `${node.primitive} ${JSON.stringify(node.attributes, exactly)} ${ids}`;
    const found = this.byKey.get(key);
    if (found !== undefined) return found;
    const same = inputs.every((operand, i) => operand === node.inputs[i]);
    const made = same ? node : standingFor(Tensor.of(node.primitive, node.attributes, ...inputs), node);
    this.byKey.set(key, made);
    this.known.set(made, made);
    return made;
  }

  private idOf(node: Tensor): number {
    const known = this.ids.get(node) ?? this.ids.size;
    this.ids.set(node, known);
    return known;
  }
}

function changesNothing(node: Tensor, x: Tensor): boolean {
  if (is(node, "stopGradient")) return true;
  if (is(node, "reshape") || is(node, "broadcastTo") || is(node, "slice") || is(node, "pad"))
    return sameShape(x.shape, node.shape);
  if (is(node, "transpose")) return node.attributes.permutation.every((axis, i) => axis === i);
  if (is(node, "cast")) return x.dtype === node.dtype;
  if (is(node, "sum")) return node.attributes.axes.length === 0;
  return is(node, "concat") && node.inputs.length === 1;
}

/** JSON has no infinities, NaN or negative zero; without this, numbers that differ would be one. */
function exactly(_: string, value: unknown): unknown {
  if (Object.is(value, -0)) return "-0";
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}
