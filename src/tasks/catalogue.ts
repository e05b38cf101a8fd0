/** The tasks that are shipped, each by its id with its own options; the first is that of a run where nothing is said. */
import type { z } from "zod";
import type { TaskDefinition } from "./definition.ts";
import { gaussianMixtureDefinition } from "./gaussian-mixture.ts";
import { rhmDefinition } from "./rhm/definition.ts";

export const taskCatalogue = [rhmDefinition, gaussianMixtureDefinition] as const satisfies readonly TaskDefinition[];

export const defaultTask = taskCatalogue[0];

type Shipped = (typeof taskCatalogue)[number];
/** A shipped task with its options, every default filled in: a union by `id`. */
export type ShippedTask = {
  [D in Shipped as D["id"]]: { readonly id: D["id"] } & z.output<D["options"]>;
}[Shipped["id"]];
/** What a person writes of one. */
export type ShippedTaskInput = {
  [D in Shipped as D["id"]]: { readonly id?: D["id"] } & z.input<D["options"]>;
}[Shipped["id"]];

/** The shipped task of this id. */
export function shippedTask(id: string): TaskDefinition | undefined {
  return (taskCatalogue as readonly TaskDefinition[]).find((definition) => definition.id === id);
}
