/**
 * Partners that need nothing but the examples themselves: another example of the class, any other, a part, the same with noise, the same with
 * positions left blank. Serves every task; one that knows how its data come about adds `resample`.
 */
import type { Random } from "../random/stream.ts";
import { blank, type PairKind, type PartnerRequest } from "./pair-kinds.ts";
import { sameClassPartner } from "./same-class.ts";
import { exampleLength, type Examples, type Inputs, type TaskShape } from "./task.ts";

/** Any kind of pair but `resample`. */
type PlainRequest = Exclude<PartnerRequest, { readonly kind: "resample" }>;

/** Why a kind of pair cannot be had of examples of this shape; undefined when it can. */
export function plainRefusal({ values, classes, ...shape }: TaskShape, kind: PairKind): string | undefined {
  const length = exampleLength({ values, ...shape });
  switch (kind) {
    case "same-class":
      if (classes > 1) return undefined;
      return "same-class pairs: expected at least 2 classes, got 1, so any two examples are a pair; use examples of several classes";
    case "resample":
      return (
        "resample pairs: expected a task that knows how its data come about, got examples alone; " +
        (values === "real" ? "choose context, noise, dropout or same-class" : "choose context, dropout or same-class")
      );
    case "noise":
      if (values === "real") return undefined;
      return "noise pairs: expected real numbers, got symbols, to which nothing can be added; choose dropout or context";
    case "context":
    case "dropout":
      if (length > 1) return undefined;
      return `${kind} pairs: expected inputs of at least 2 ${values === "real" ? "numbers" : "symbols"}, got 1, of which no part can be left out`;
    case "halves":
    case "shuffled":
      return undefined;
    default:
      return kind satisfies never;
  }
}

/** Writes partners as `Task.partners`. Throws RangeError when shapes or indices do not fit. */
export function writePlainPartners(
  shape: TaskShape,
  request: PlainRequest,
  examples: Examples,
  indices: Int32Array,
  out: Inputs,
  random: Random,
): void {
  const length = exampleLength(shape);
  const sources = partnersOf(length, request, examples, indices, out, random);
  const { inputs } = examples;
  const empty = shape.values === "symbols" ? blank : 0;
  const isShown = shownBy(request, shape, random);
  const deviations = request.kind === "noise" ? deviationsOf(examples, length) : undefined;
  for (let i = 0; i < sources.length; i++) {
    // Element by element: a view per example costs more than copying its few numbers.
    const from = (sources[i] ?? 0) * length;
    const to = i * length;
    for (let k = 0; k < length; k++) out[to + k] = isShown(k) ? (inputs[from + k] ?? 0) : empty;
    if (request.kind !== "noise" || deviations === undefined) continue;
    for (let k = 0; k < length; k++)
      out[to + k] = (out[to + k] ?? 0) + request.deviation * (deviations[k] ?? 0) * random.normal();
  }
}

/** The example of which the partner of each is made. Throws RangeError when shapes or indices do not fit. */
export function partnersOf(
  length: number,
  { kind }: PartnerRequest,
  examples: Examples,
  indices: Int32Array,
  out: Inputs,
  random: Random,
): Int32Array {
  if (out.length !== indices.length * length) {
    throw new RangeError(
      `partners: expected out to hold [${indices.length}, ${length}] numbers, got ${out.length}; allocate one example per index`,
    );
  }
  return indices.map((index) => {
    if (index < 0 || index >= examples.count) {
      throw new RangeError(
        `partners: expected indices below ${examples.count}, got ${index}; index the set the batch was drawn from`,
      );
    }
    if (kind === "same-class") return sameClassPartner(examples, index, random);
    if (kind !== "shuffled" || examples.count === 1) return index;
    const drawn = random.integer(examples.count - 1);
    return drawn < index ? drawn : drawn + 1;
  });
}

/** Whether a partner shows what stands at place `k` of its example; asked in order, example after example. */
function shownBy(
  request: PlainRequest,
  { values, positions, channels }: TaskShape,
  random: Random,
): (k: number) => boolean {
  if (request.kind === "part") return (k) => k >= request.from && k < request.to;
  if (request.kind !== "dropout") return () => true;
  // A position is shown or left out whole; where there is one alone, each of its numbers.
  const each = values === "symbols" || positions === 1 ? 1 : channels;
  const { rate } = request;
  let shown = true;
  return (k) => {
    if (k % each === 0) shown = random.uniform() >= rate;
    return shown;
  };
}

/** Examples never change, so what is known of them is kept for as long as they are. */
const known = new WeakMap<Examples, Float64Array>();

/** Standard deviation of each number over a set of examples. */
function deviationsOf(examples: Examples, length: number): Float64Array {
  const before = known.get(examples);
  if (before !== undefined) return before;
  const { inputs, count } = examples;
  const deviations = Float64Array.from({ length }, (_, k) => {
    let [sum, squares] = [0, 0];
    for (let i = k; i < inputs.length; i += length) sum += inputs[i] ?? 0;
    const mean = sum / count;
    for (let i = k; i < inputs.length; i += length) squares += ((inputs[i] ?? 0) - mean) ** 2;
    return Math.sqrt(squares / count);
  });
  known.set(examples, deviations);
  return deviations;
}
