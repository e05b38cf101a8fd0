/** Sizes of the batches on which a trained network is judged. */

/** Strings per forward pass; the last chunk of a set is padded and weighted. */
export const evaluationChunk = 500;

/** Strings of a batch on which probes learn. */
export const probeBatch = 128;

/** Every size of batch, besides that of training, for which what layers pass on is written down. */
export const evaluatedBatches: readonly number[] = [evaluationChunk, probeBatch];
