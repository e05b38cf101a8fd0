/**
 * What is known of a model before it is run: its network and rule, the graph of its step, what that costs, whether runs are stacked, and
 * what the rule must know. Planning, training, audits, measurements and reports all ask here, so that each is computed at most once for
 * all runs of one shape.
 */
import { type Certificate, certify } from "../../audit/index.ts";
import { cost, type Cost } from "../../graph/index.ts";
import { buildStep, formFor, type Group, type Model, type StepGraph } from "../../train/index.ts";
import { RunSpec } from "../spec/spec.ts";
import { lengthOf, modelOf } from "./build.ts";
import { shapeOf } from "./shape.ts";

/** The model of all runs of one shape. Everything is computed when it is first asked for, and throws what building it throws. */
export class PlannedModel {
  private built: Model | undefined;
  private traced: StepGraph | undefined;
  private costs: Cost | undefined;
  private certified: Certificate | undefined;

  constructor(
    /** Of one of the runs. */
    readonly spec: RunSpec,
  ) {}

  /** Symbols of a string. */
  get length(): number {
    return lengthOf(this.spec);
  }

  get model(): Model {
    return (this.built ??= modelOf(this.spec));
  }

  /** The step of one replica. */
  get step(): StepGraph {
    return (this.traced ??= buildStep(this.model, this.length));
  }

  /** Of one step of one replica. */
  get cost(): Cost {
    return (this.costs ??= cost(Object.values(this.step.outputs)));
  }

  get form(): Group["form"] {
    return formFor(this.cost);
  }

  /** What the rule must know on this very network. */
  get certificate(): Certificate {
    return (this.certified ??= certify(this.model.rule, this.model.network, this.length));
  }

  /** Whether the rule has a certificate on this network; what it is refused for is thrown by `certificate`. */
  get canBeCertified(): boolean {
    try {
      return this.certificate.layers.length > 0;
    } catch {
      return false;
    }
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

  /**
   * The model on which the certificate of a run's rule is computed: the run's own, with wide layers made narrow, as these are certified in
   * a fraction of the time, and layers of one or two units made wider, as a message of one number cannot be told from a broadcast. What
   * is read does not depend on the width otherwise; numbers of activity do. A rule that refuses such layers is certified on its own.
   */
  certified(spec: RunSpec): PlannedModel {
    const usual = withUsualWidths(spec);
    if (usual === undefined) return this.of(spec);
    const model = this.of(usual);
    return model.canBeCertified ? model : this.of(spec);
  }
}

/** Units of the layers on which a rule is certified: the layer's own between `fewest` and `most`. */
const certifiedWidths = { fewest: 4, most: 16, narrow: 8 } as const;

/** The run with such layers, and how it is trained at its defaults, of which a certificate says nothing; undefined where its own are such. */
function withUsualWidths(spec: RunSpec): RunSpec | undefined {
  const { fewest, most, narrow } = certifiedWidths;
  const usual = (units: number): number => (units > most ? narrow : Math.max(units, fewest));
  const { width, widths } = spec.network;
  if ((widths ?? [width]).every((units) => usual(units) === units)) return undefined;
  const network = {
    ...spec.network,
    width: usual(width),
    ...(widths === undefined ? {} : { widths: widths.map(usual) }),
  };
  const { train, probes, engine } = RunSpec.parse({});
  return { ...spec, network, train, probes, engine };
}
