/** Blocks of steps for every rule of the catalogue, in both forms. */
import { catalogue } from "../rules/index.ts";
import { blocksGiveTheSameBits } from "./blocks.contract.ts";

blocksGiveTheSameBits(catalogue.flatMap(({ id }) => [[id, "stacked"] as const, [id, "plain"] as const]));
