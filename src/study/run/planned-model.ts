/**
 * What is known of a model before it is run: its network and rule, the graph of its step, what that costs, whether runs are stacked, and
 * what the rule must know. Planning, training, audits, measurements and reports all ask here, so that each is computed at most once for
 * all runs of one shape.
 */
import { type Certificate, certificateOf, unclaimedBy } from "../../audit/index.ts";
import { cost, type Cost, topological } from "../../graph/index.ts";
import { type RuleDocument, type Signal, writtenRule } from "../../rules/index.ts";
import { buildStep, formFor, type Group, type Model, type StepGraph } from "../../train/index.ts";
import type { RunSpec } from "../spec/spec.ts";
import { lengthOf, modelOf } from "./build.ts";
import { graphDigest } from "./digest.ts";
import { shapeOf } from "./shape.ts";
import { refuseTooLarge } from "./sizes.ts";

/** The model of all runs of one shape. Everything is computed when it is first asked for, and throws what building it throws. */
export class PlannedModel {
  private built: Model | undefined;
  private traced: StepGraph | undefined;
  private costs: Cost | undefined;
  private counted: number | undefined;
  private certified: Certificate | undefined;
  private named: string | undefined;

  constructor(
    /** Of one of the runs. */
    readonly spec: RunSpec,
    /** What its rule has made of the network, where it was traced before, in this process or another. */
    private readonly document?: RuleDocument,
  ) {}

  /** Symbols of a string. */
  get length(): number {
    return lengthOf(this.spec);
  }

  get model(): Model {
    if (this.built !== undefined) return this.built;
    const { document, spec } = this;
    refuseTooLarge(spec);
    const { id, ...options } = spec.rule;
    this.built = modelOf(spec, document && writtenRule(id, options, document));
    return this.built;
  }

  /** The step of one replica. */
  get step(): StepGraph {
    return (this.traced ??= buildStep(this.model, this.length));
  }

  /** Of one step of one replica. */
  get cost(): Cost {
    return (this.costs ??= cost(Object.values(this.step.outputs)));
  }

  /** Nodes of the graph of one step. */
  get nodes(): number {
    return (this.counted ??= topological(Object.values(this.step.outputs)).length);
  }

  get form(): Group["form"] {
    return formFor(this.cost);
  }

  /** What the rule must know: the certificate of this very step. */
  get certificate(): Certificate {
    return (this.certified ??= certificateOf(this.step.traced));
  }

  /** The name of the step's graph. */
  get digest(): string {
    return (this.named ??= graphDigest(this.step.outputs));
  }

  /** Signals that the rule reads here and does not claim. */
  get undeclared(): readonly Signal[] {
    return unclaimedBy(this.certificate, this.model.rule, this.model.network);
  }
}

/** The models of the runs of a plan, one for each shape. */
export class PlannedModels {
  private readonly byShape = new Map<string, PlannedModel>();

  /** The model of a run. Builds nothing yet. */
  of(spec: RunSpec): PlannedModel {
    const shape = shapeOf(spec);
    const known = this.byShape.get(shape) ?? new PlannedModel(spec);
    this.byShape.set(shape, known);
    return known;
  }
}
