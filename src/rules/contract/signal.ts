/** What may reach a synapse, by name: the words in which a card states what its rule reads, and a certificate what it found. */

export const signals = {
  pre: "activity of the layer below at this synapse, same sample",
  otherInput: "activity of the layer below at other synapses of this unit, same sample",
  post: "activity of this unit, same sample",
  preactivation: "drive of this unit before its nonlinearity, same sample",
  weight: "this layer's own weights",
  lateral: "other units of this layer, same sample: competition, normalisation",
  positions: "what happens at other positions of this layer, same sample",
  memory: "what past steps have left in values that the rule keeps",
  batch: "other samples, in more than a sum over them: contrast, batch statistics, a function of the batch mean",
  pair: "this layer's activity for the paired view",
  localHead: "parameters of an auxiliary head that belongs to this layer, and what they have learned",
  label: "the target class",
  outputError: "the output error vector, carried by fixed or learned feedback weights",
  broadcast: "one scalar for the whole network: reward, difference of losses",
  noise: "the unit's or synapse's own perturbation",
  secondPhase: "activity of this layer in a second pass",
  neighbour: "a message from the layer below or above about itself",
  otherActivity: "activity or gates of other layers",
  otherWeight: "weights of other layers: weight transport",
} as const;

export type Signal = keyof typeof signals;

/** A rule that breaks its own contract, or options that do not fit. The message names the rule and says what to do. */
export class RuleError extends Error {
  override name = "RuleError";
}
