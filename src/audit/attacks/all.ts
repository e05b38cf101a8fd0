/** Every attack, class by class. */
import { arithmetic } from "./arithmetic.ts";
import type { Attack } from "./attack.ts";
import { averages } from "./averages.ts";
import { documents } from "./documents.ts";
import { edges } from "./edges.ts";
import { environment } from "./environment.ts";
import { probing } from "./probing.ts";
import { roles } from "./roles.ts";
import { sizes } from "./sizes.ts";
import { stateLaunders } from "./state-launders.ts";
import { twoGraphs } from "./two-graphs.ts";
import { unnamed } from "./unnamed.ts";
import { vouching } from "./vouching.ts";

export const attacks: Readonly<Record<string, readonly Attack[]>> = {
  vouching,
  probing,
  "two graphs": twoGraphs,
  "state launders": stateLaunders,
  roles,
  sizes,
  environment,
  arithmetic,
  averages,
  unnamed,
  documents,
  edges,
};
