/**
 * The inputs that a traced graph may have, each with what it is: filled by the training room (data, parameters) and by a rule's requests
 * (what it keeps, noise, partners). A graph that has any other input is refused (`trace.ts`).
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
  private readonly byName = new Map<string, Variable>();
  private readonly noiseByName = new Map<string, Noise>();
  private readonly partnerByName = new Map<string, { readonly request: PartnerRequest; readonly tokens: Tensor }>();

  constructor(
    /** Symbols i32 [batch, length]. */
    readonly tokens: Tensor,
    /** Classes i32 [batch]. */
    readonly labels: Tensor,
  ) {}

  /** Parameters of the network and whatever the rule keeps, in the order in which they were asked for. */
  get variables(): readonly Variable[] {
    return [...this.byName.values()];
  }
  get noises(): readonly Noise[] {
    return [...this.noiseByName.values()];
  }
  /** Second inputs that the rule wants: symbols i32 [batch, length] of each kind of partner. */
  get partners(): readonly { readonly request: PartnerRequest; readonly tokens: Tensor }[] {
    return [...this.partnerByName.values()];
  }

  /** A value that lives from step to step; asking twice gives the same one. Throws RuleError when it was another kind of value the first time. */
  keep({ name, kind, owner, learningRate = "hidden", shape, initial }: VariableRequest): Variable {
    const known = this.byName.get(name);
    if (known !== undefined) {
      const same = known.kind === kind && known.owner === owner && known.shape.join() === shape.join();
      if (same) return known;
      const [was, is] = [known, { kind, shape }].map((one) => `a ${one.kind} [${one.shape.join(", ")}]`);
      throw new RuleError(`${name}: expected one value of this name, got ${is ?? ""} after ${was ?? ""}; rename one`);
    }
    const variable = { name, kind, owner, learningRate, shape, initial, tensor: input(name, shape) };
    this.byName.set(name, variable);
    return variable;
  }

  /** Random numbers drawn anew at each step; asking twice gives the same ones. Throws RuleError when they were others the first time. */
  noise(request: Omit<Noise, "tensor">): Tensor {
    const name = `noise.${request.name}`;
    const known = this.noiseByName.get(name);
    if (known !== undefined) {
      const { shape, distribution, owner } = request;
      const same = known.distribution === distribution && known.owner === owner && known.shape.join() === shape.join();
      if (same) return known.tensor;
      const [was, is] = [known, request].map((one) => `${one.distribution} [${one.shape.join(", ")}]`);
      throw new RuleError(`${name}: expected one noise of this name, got ${is ?? ""} after ${was ?? ""}; rename one`);
    }
    const tensor = input(name, request.shape);
    this.noiseByName.set(name, { ...request, name, tensor });
    return tensor;
  }

  /** Symbols of every example's partner, i32 [batch, length]. */
  partner(request: PartnerRequest): Tensor {
    const name = partnerName(request);
    const known = this.partnerByName.get(name);
    if (known !== undefined) return known.tokens;
    const tokens = input(name, this.tokens.shape, "int32");
    this.partnerByName.set(name, { request, tokens });
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
}
