/** Errors that say at which layer they arose. */
import type { LayerView } from "./layer-view.ts";

/** What a rule makes of a layer; an error on the way is told with the layer's name, where it does not say it. */
export function atLayer<T>({ layer: { name } }: LayerView, of: () => T): T {
  try {
    return of();
  } catch (error) {
    if (error instanceof Error && !error.message.includes(name)) error.message = `${name}: ${error.message}`;
    throw error;
  }
}
