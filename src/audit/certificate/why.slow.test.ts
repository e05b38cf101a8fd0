/** Paths of certificates, for every rule of the catalogue and every signal. */
import { catalogue } from "../../rules/index.ts";
import { pathsEndWhereTheySay } from "./why-cases.contract.ts";

pathsEndWhereTheySay(catalogue.map(({ id }) => id));
