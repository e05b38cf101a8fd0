/**
 * The inputs that a traced graph may have, each with what it is: filled by the training room (data, parameters) and by a rule's requests
 * (what it keeps, noise, partners). A graph that has any other input is refused (`trace.ts`, `train/read-document.ts`).
 */
import { input, type Tensor } from "../../graph/index.ts";
import type { Layer } from "../../networks/index.ts";
import { type PartnerRequest, partnerName } from "../../tasks/pair-kinds.ts";
import { RuleError } from "./signal.ts";
import type { Initial, Noise, Variable, VariableKind } from "./variable.ts";

/** What is asked for when a value is kept. */
export interface VariableRequest {
  readonly name: string;
  readonly kind: VariableKind;
  readonly owner?: Layer | undefined;
  readonly learningRate?: "hidden" | "readout";
  readonly shape: readonly number[];
  readonly initial: Initial;
}

/** Inputs of one trace. */
export class Registry {
  readonly #variables = new Map<string, Variable>();
  readonly #noises = new Map<string, Noise>();
  readonly #partners = new Map<string, { readonly request: PartnerRequest; readonly tokens: Tensor }>();

  constructor(
    /** The examples: symbols i32 [batch, length], or real numbers f32 [batch, length]. */
    readonly tokens: Tensor,
    /** Classes i32 [batch]. */
    readonly labels: Tensor,
    /** The layers of the network, read-out last: none but these may own anything. */
    private readonly layers: readonly Layer[],
  ) {}

  /** Parameters of the network and whatever the rule keeps, in the order in which they were asked for. */
  get variables(): readonly Variable[] {
    return [...this.#variables.values()];
  }
  get noises(): readonly Noise[] {
    return [...this.#noises.values()];
  }
  /** Second inputs that the rule wants: [batch, length] of each kind of partner, symbols or numbers as the examples are. */
  get partners(): readonly { readonly request: PartnerRequest; readonly tokens: Tensor }[] {
    return [...this.#partners.values()];
  }

  /** A value that lives from step to step; asking twice gives the same one. Throws RuleError when it was another kind of value the first time. */
  keep({ name, kind, owner, learningRate = "hidden", shape, initial }: VariableRequest): Variable {
    this.refuseStranger(name, owner);
    const known = this.#variables.get(name);
    if (known !== undefined) {
      const same = known.kind === kind && known.owner === owner && known.shape.join() === shape.join();
      if (same) return known;
      const [was, is] = [known, { kind, shape }].map((one) => `a ${one.kind} [${one.shape.join(", ")}]`);
      throw new RuleError(`${name}: expected one value of this name, got ${is ?? ""} after ${was ?? ""}; rename one`);
    }
    const variable = Object.freeze({ name, kind, owner, learningRate, shape, initial, tensor: input(name, shape) });
    this.#variables.set(name, variable);
    return variable;
  }

  /** Random numbers drawn anew at each step; asking twice gives the same ones. Throws RuleError when they were others the first time. */
  noise(request: Omit<Noise, "tensor">): Tensor {
    const name = `noise.${request.name}`;
    this.refuseStranger(name, request.owner);
    const known = this.#noises.get(name);
    if (known !== undefined) {
      const { shape, distribution, owner } = request;
      const same = known.distribution === distribution && known.owner === owner && known.shape.join() === shape.join();
      if (same) return known.tensor;
      const [was, is] = [known, request].map((one) => `${one.distribution} [${one.shape.join(", ")}]`);
      throw new RuleError(`${name}: expected one noise of this name, got ${is ?? ""} after ${was ?? ""}; rename one`);
    }
    const tensor = input(name, request.shape);
    this.#noises.set(name, Object.freeze({ ...request, name, tensor }));
    return tensor;
  }

  /** Every example's partner, [batch, length], symbols or numbers as the examples are. */
  partner(request: PartnerRequest): Tensor {
    const name = partnerName(request);
    const known = this.#partners.get(name);
    if (known !== undefined) return known.tokens;
    const tokens = input(name, this.tokens.shape, this.tokens.dtype);
    this.#partners.set(name, { request, tokens });
    return tokens;
  }

  /** Whether a leaf is one of these inputs. */
  has(leaf: Tensor): boolean {
    return (
      leaf === this.tokens ||
      leaf === this.labels ||
      this.variables.some(({ tensor }) => tensor === leaf) ||
      this.noises.some(({ tensor }) => tensor === leaf) ||
      this.partners.some(({ tokens }) => tokens === leaf)
    );
  }

  private refuseStranger(name: string, owner: Layer | undefined): void {
    if (owner === undefined || this.layers.includes(owner)) return;
    throw new RuleError(`${name}: expected an owner among the layers of the network, got another object`);
  }
}
