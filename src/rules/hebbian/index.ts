export { activityOf, type ActivityOptions, activityOptions } from "./activity.ts";
export { bcm } from "./bcm.ts";
export { covariance, hebb, instar } from "./correlation.ts";
export { foldiak } from "./foldiak.ts";
export { hebbian, hebbianOptions, type HebbianOptions, type Learning, type Synapses } from "./hebbian.ts";
export { krotovHopfield } from "./krotov-hopfield.ts";
export { hpca, oja, ojaSubspace, sanger } from "./principal-components.ts";
export { softHebb } from "./soft-hebb.ts";
export { hardWta, softWta } from "./winner-take-all.ts";
