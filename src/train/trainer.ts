/**
 * The state of a group of replicas in training: one compiled graph, one slice of every tensor per replica.
 *
 * Replicas share nothing but the graph: each has its own data, initial values, order, noise and learning rate, and what one
 * computes does not depend on the others.
 */
import { is, type Tensor, topological } from "../graph/index.ts";
import { stream } from "../random/stream.ts";
import { allocate, type Engine, Executable, type Numbers, type Values } from "../runtime/index.ts";
import { exampleLength, type Inputs, type Split, type SplitSizes, type Task } from "../tasks/index.ts";
import { BatchSource, type BatchState } from "./batches.ts";
import { dataName } from "./inputs.ts";
import { stepScalars } from "./learning-rates.ts";
import { refuseOtherSteps } from "./executed.ts";
import { drawInitial, parametersOf } from "./parameters.ts";
import type { ScheduleOptions } from "./schedule.ts";
import { buildStep, type Model, replicate, type StepGraph } from "./step.ts";
import { blockStepsFor, inputOfStep, unroll } from "./unroll.ts";

/** One run of a group. */
export interface Replica {
  readonly task: Task;
  readonly sizes: SplitSizes;
  readonly seeds: { readonly data: number; readonly init: number; readonly order: number; readonly noise: number };
  readonly learningRate: number;
  readonly readoutLearningRate: number;
}

/** Runs that share a graph. */
export interface Group {
  readonly model: Model;
  /** The graph of the model's step, where it has been built before; built anew where it is left out. */
  readonly step?: StepGraph;
  readonly schedule: ScheduleOptions;
  readonly replicas: readonly Replica[];
  /**
   * `plain`: one replica, matrices as they are, where products can be fused with what follows. `stacked`: a leading
   * replica axis, whatever their number. A run's numbers depend on the form (last bits), so the form is chosen from the
   * model alone (`formFor`), never from the company.
   */
  readonly form: "plain" | "stacked";
}

/** All that one replica's further training depends on, beside its specification. */
export interface ReplicaState {
  /** Parameters, slots of the optimiser, and what the rule keeps, by name. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly batches: BatchState;
}

/** The scalars of one step by name (loss, error, the rule's objectives), [replicas] each. */
export type StepScalars = Values;

/** A group being trained, a block of `blockSteps` steps at a time (`unroll.ts`), or step by step. */
export class Trainer {
  readonly splits: readonly Split[];
  /** What each step of a block is fed. */
  private readonly feeds: readonly Record<string, Numbers>[];
  private readonly constants: Record<string, Numbers> = {};
  private readonly sources: readonly BatchSource[];
  private step = 0;
  /** Steps of the last `advance`. */
  private taken = 0;

  private constructor(
    readonly group: Group,
    readonly graph: StepGraph,
    /** Steps that `advance` can take at once; fewer are taken one by one. */
    readonly blockSteps: number,
    private readonly engine: Engine,
    private readonly outputs: Readonly<Record<string, Tensor>>,
    /** Holds the state. */
    private holder: Executable,
    private readonly block: Executable | undefined,
    private single: Executable | undefined,
  ) {
    const { replicas, model } = group;
    this.splits = replicas.map(({ task, sizes, seeds }) => task.draw(sizes, stream(seeds.data, "data")));
    this.sources = replicas.map(({ task, seeds }, i) => {
      const examples = this.splits[i]?.train;
      if (examples === undefined) throw new Error("internal: a replica without data");
      const random = {
        order: stream(seeds.order, "order"),
        pairs: stream(seeds.order, "pairs"),
        noise: stream(seeds.noise, "noise"),
      };
      return new BatchSource(task, examples, model.batch, random);
    });
    this.feeds = this.initialise();
  }

  /**
   * Compiles the group's step, or a block of steps where the `steps` to be taken are many. Throws when the form does not allow the
   * number of replicas.
   */
  static async create(group: Group, engine: Engine, steps = 1): Promise<Trainer> {
    const [first] = group.replicas;
    if (first === undefined || (group.form === "plain" && group.replicas.length !== 1)) {
      throw new Error(`internal: a ${group.form} group of ${group.replicas.length} replicas`);
    }
    const graph = group.step ?? buildStep(group.model, exampleLength(first.task));
    const outputs = group.form === "plain" ? graph.outputs : replicate(graph.outputs, group.replicas.length);
    const blockSteps = blockStepsFor(topological(Object.values(outputs)).length, steps);
    if (blockSteps === 1) {
      const single = await Executable.compile(outputs, engine);
      return new Trainer(group, graph, 1, engine, outputs, single, undefined, single);
    }
    const fixed = constantsOf(group.model, graph);
    const unrolled = unroll(outputs, blockSteps, fixed);
    refuseOtherSteps(outputs, unrolled, blockSteps, fixed);
    const block = await Executable.compile(unrolled, engine);
    return new Trainer(group, graph, blockSteps, engine, outputs, block, block, undefined);
  }

  /** The model that runs: that of a block of steps, or of a single one. */
  get compiled(): Uint8Array {
    return this.holder.program.model;
  }
  /** Steps taken. */
  get steps(): number {
    return this.step;
  }

  /** Takes `blockSteps` steps, or `count` if that is fewer; returns the scalars of each. */
  async advance(count = this.blockSteps): Promise<readonly StepScalars[]> {
    this.taken = Math.min(count, this.blockSteps);
    for (let i = 0; i < this.taken; i++) {
      this.step += 1;
      this.fillFeeds(this.feedsAt(i));
    }
    if (this.block === undefined || this.taken < this.blockSteps) return this.runSingly(this.taken);
    if (this.holder !== this.block) {
      this.block.load(stateOf(this.holder));
      this.holder = this.block;
    }
    const feeds: Record<string, Numbers> = { ...this.constants };
    this.feeds.forEach((own, i) => {
      for (const [name, values] of Object.entries(own)) feeds[inputOfStep(name, i)] = values;
    });
    const results = await this.block.run(feeds);
    return this.feeds.map((_, i) => rowOf(results, i, this.blockSteps));
  }

  /** What the last step was fed; `trace` records it. */
  lastFeeds(): Values {
    return { ...this.feedsAt(this.taken - 1), ...this.constants };
  }

  /** A copy of one replica's state and fixed values, by name. */
  snapshot(replica: number): Record<string, Float32Array> {
    return this.copyFrom(this.holder, replica);
  }

  /** The same as it was after the first `steps` steps of the last block, which are taken again one by one. */
  async snapshotAfter(steps: number, replica: number): Promise<Record<string, Float32Array>> {
    return this.copyFrom(steps === this.taken ? this.holder : await this.replay(steps), replica);
  }

  /** All that one replica's further training depends on; `resume` goes on from there, to the same bits. */
  state(replica: number): ReplicaState {
    const source = this.sources[replica];
    if (source === undefined) throw new Error("internal: a replica without batches");
    return { values: this.snapshot(replica), batches: source.state() };
  }

  /** Goes on after `step` steps, from a state of each replica. Throws where a state is not of this graph. */
  resume(step: number, states: readonly ReplicaState[]): void {
    this.step = step;
    states.forEach(({ values, batches }, replica) => {
      this.sources[replica]?.resume(batches);
      for (const { name } of this.holder.statePorts()) this.place(name, replica, values[name]);
      for (const name of Object.keys(this.constants)) this.place(name, replica, values[name]);
    });
  }

  async dispose(): Promise<void> {
    await this.block?.dispose();
    await this.single?.dispose();
  }

  private copyFrom(executable: Executable, replica: number): Record<string, Float32Array> {
    const values: Record<string, Float32Array> = {};
    const take = (name: string, all: Numbers): void => {
      const size = all.length / this.group.replicas.length;
      values[name] = Float32Array.from(all.subarray(replica * size, (replica + 1) * size));
    };
    for (const { name } of executable.statePorts()) take(name, executable.state(name));
    for (const [name, value] of Object.entries(this.constants)) take(name, value);
    return values;
  }

  /** Whether the state before any step of the last advance can be had again: it can where that was a block. */
  get canReplay(): boolean {
    return this.holder === this.block && this.taken === this.blockSteps;
  }

  /** The executable of a single step, in the state after the first `steps` of the last block. */
  private async replay(steps: number): Promise<Executable> {
    if (this.holder !== this.block) throw new Error("internal: only a block can be taken again");
    const single = (this.single ??= await Executable.compile(this.outputs, this.engine));
    for (const { name } of this.block.statePorts()) single.load({ [name]: this.block.stateBefore(name) });
    for (let i = 0; i < steps; i++) await single.run({ ...this.feedsAt(i), ...this.constants });
    return single;
  }

  private async runSingly(count: number): Promise<StepScalars[]> {
    const single = (this.single ??= await Executable.compile(this.outputs, this.engine));
    if (this.holder !== single) {
      single.load(stateOf(this.holder));
      this.holder = single;
    }
    const scalars: StepScalars[] = [];
    for (let i = 0; i < count; i++) {
      scalars.push(rowOf(await single.run({ ...this.feedsAt(i), ...this.constants }), 0, 1));
    }
    return scalars;
  }

  private feedsAt(i: number): Record<string, Numbers> {
    const feeds = this.feeds[i];
    if (feeds === undefined) throw new Error(`internal: no step ${i} in a block of ${this.blockSteps}`);
    return feeds;
  }

  /** Draws every initial value, one stream per replica, in a fixed order of names; returns what the steps of a block are fed. */
  private initialise(): Record<string, Numbers>[] {
    const { model, replicas } = this.group;
    const constants = constantsOf(model, this.graph);
    const ports = topological(Object.values(this.outputs)).flatMap((node) =>
      is(node, "input") ? [node.attributes] : [],
    );
    for (const port of ports) {
      if (constants.has(port.name) && !isState(port.name, this.outputs)) this.constants[port.name] = allocate(port);
    }
    replicas.forEach(({ seeds }, replica) => {
      const random = stream(seeds.init, "init");
      for (const parameter of parametersOf(model.network))
        this.place(parameter.name, replica, drawInitial(parameter, random));
      // A stream per variable: rules that keep more do not move each other's draws.
      for (const variable of this.graph.variables) {
        this.place(variable.name, replica, drawInitial(variable, stream(seeds.init, `init ${variable.name}`)));
      }
    });
    const fed = ports.filter(({ name }) => !constants.has(name) && !isState(name, this.outputs));
    return Array.from({ length: this.blockSteps }, () =>
      Object.fromEntries(fed.map((port) => [port.name, allocate(port)])),
    );
  }

  /** Sets one replica's part of a state or a fixed value; a value that the graph does not read is let go. */
  private place(name: string, replica: number, values: Float32Array | undefined): void {
    const target = isState(name, this.outputs) ? this.holder.state(name) : this.constants[name];
    if (target === undefined) return;
    const size = target.length / this.group.replicas.length;
    if (values?.length !== size)
      throw new Error(`internal: expected ${size} values of ${name} for a replica, got ${values?.length ?? "none"}`);
    target.set(values, replica * size);
  }

  private fillFeeds(feeds: Readonly<Record<string, Numbers>>): void {
    const { model, replicas, schedule } = this.group;
    replicas.forEach((replica, r) => {
      const source = this.sources[r];
      if (source === undefined) throw new Error("internal: a replica without batches");
      const { partners, noises } = this.graph;
      source.fill(
        this.examples(feeds, dataName(model.network), r),
        this.integers(feeds, "labels", r),
        partners.map(({ name, request }) => ({ request, inputs: this.examples(feeds, name, r) })),
      );
      for (const noise of noises) source.fillNoise(noise, this.floats(feeds, noise.name, r));
      const scalars = stepScalars(model.optimiser, model.network, schedule, this.step, replica);
      for (const [name, value] of Object.entries(scalars)) {
        const target = feeds[name];
        if (target !== undefined) target[r] = value;
      }
    });
  }

  /** One replica's part of an input that holds examples. */
  private examples(feeds: Readonly<Record<string, Numbers>>, name: string, replica: number): Inputs {
    const part = this.part(feeds, name, replica);
    if (part instanceof Uint8Array) throw new Error(`internal: input ${name} holds no examples`);
    return part;
  }

  /** One replica's part of an integer input. */
  private integers(feeds: Readonly<Record<string, Numbers>>, name: string, replica: number): Int32Array {
    const part = this.part(feeds, name, replica);
    if (!(part instanceof Int32Array)) throw new Error(`internal: input ${name} is not int32`);
    return part;
  }

  private floats(feeds: Readonly<Record<string, Numbers>>, name: string, replica: number): Float32Array {
    const part = this.part(feeds, name, replica);
    if (!(part instanceof Float32Array)) throw new Error(`internal: input ${name} is not float32`);
    return part;
  }

  private part(feeds: Readonly<Record<string, Numbers>>, name: string, replica: number): Numbers {
    const all = feeds[name];
    if (all === undefined) throw new Error(`internal: the step has no input ${name}`);
    const size = all.length / this.group.replicas.length;
    return all.subarray(replica * size, (replica + 1) * size);
  }
}

/** Inputs that no step changes and no step is fed anew: feedback matrices, weights of a layer that does not learn. */
function constantsOf({ network }: Model, { variables, outputs }: StepGraph): Set<string> {
  const names = [...parametersOf(network), ...variables].map(({ name }) => name);
  return new Set(names.filter((name) => !isState(name, outputs)));
}

function isState(name: string, outputs: Readonly<Record<string, Tensor>>): boolean {
  return outputs[`next.${name}`] !== undefined;
}

function stateOf(executable: Executable): Record<string, Numbers> {
  return Object.fromEntries(executable.statePorts().map(({ name }) => [name, executable.state(name)]));
}

/** A copy of the scalars of step `step` out of `steps`. */
function rowOf(results: Values, step: number, steps: number): StepScalars {
  return Object.fromEntries(
    Object.entries(results).map(([name, all]) => {
      const size = all.length / steps;
      return [name, all.slice(step * size, (step + 1) * size)];
    }),
  );
}
