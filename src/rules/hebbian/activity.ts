/**
 * What a unit takes for its own activity y when it learns, and how a teacher may set it.
 *
 * Units are dealt to the classes in turn, unit k to class k mod classes; the teacher signal T_bk is 1 where unit k belongs to
 * the class of example b, else 0. `clamp` puts T in the place of y (clamped Hebb: T x; clamped Oja: T x - T^2 w); `gate` lets a unit
 * learn from its own class alone (Lagani et al. 2022, supervised Hebbian learning).
 */
import { z } from "zod";
import { constant, range, type Tensor } from "../../graph/index.ts";
import type { LayerView, Workspace } from "../contract/index.ts";
import type { Learning } from "./hebbian.ts";

const activityField = z
  .enum(["preactivation", "post", "rectified", "tanh"])
  .describe("the unit's activity y in the rule: its drive, its output, or its drive through max(0, .) or tanh");
const teacherFields = {
  teacher: z
    .enum(["none", "clamp", "gate"])
    .default("none")
    .describe("clamp: the label takes the place of y; gate: units learn from samples of their own class alone"),
  teacherLayers: z.enum(["top", "all"]).default("top").describe("layers that the teacher reaches"),
};
export type ActivityOptions = z.output<z.ZodObject<{ activity: typeof activityField } & typeof teacherFields>>;
export type TeacherOptions = Pick<ActivityOptions, "teacherLayers"> & { readonly teacher: ActivityOptions["teacher"] };

/** Option fields of a rule of y, with its usual activity. */
export function activityOptions(activity: ActivityOptions["activity"]) {
  return { activity: activityField.default(activity), ...teacherFields };
}

/** Option fields of a rule whose units compete: there the teacher can only gate. */
export const competitionTeacher = {
  teacher: z
    .enum(["none", "gate"])
    .default("none")
    .describe("gate: only units of the sample's class compete and learn"),
  teacherLayers: teacherFields.teacherLayers,
};

/** T [.., samples, out], or undefined where the teacher does not reach. */
export function teacherSignal(
  view: LayerView,
  { teacher, teacherLayers }: TeacherOptions,
  workspace: Workspace,
): Tensor | undefined {
  if (teacher === "none" || (teacherLayers === "top" && view !== workspace.top)) return undefined;
  const { classes, target } = workspace;
  const classOf = range(view.units).map((k) => k % classes);
  const ofUnits = target.gather(constant(classOf, [view.units], "int32"), 1);
  return view.toEverySample(ofUnits).broadcastTo(view.preactivation.shape);
}

/** y, and the samples that count where the teacher gates. */
export function activityOf(view: LayerView, options: ActivityOptions, workspace: Workspace): Learning {
  const counts = teacherSignal(view, options, workspace);
  if (counts !== undefined && options.teacher === "clamp") return { post: counts };
  return { post: ownActivity(view, options.activity), counts };
}

function ownActivity(view: LayerView, activity: ActivityOptions["activity"]): Tensor {
  switch (activity) {
    case "preactivation":
      return view.preactivation;
    case "post":
      return view.post;
    case "rectified":
      return view.preactivation.relu();
    case "tanh":
      return view.preactivation.tanh();
    default:
      return activity satisfies never;
  }
}
