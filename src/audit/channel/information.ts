/**
 * How much an update says of the gradient, in bits a weight: two readings of their joint distribution.
 *
 * A layer's update u and gradient g, over all its weights and over batches, are read as input and output of a memoryless channel
 * from one number g_i to one number u_i.
 *
 *   signs:     p = share of weights whose update has the gradient's sign;   1 - H2(p),   H2 the binary entropy
 *   Gaussian:  rho = sum u g / sqrt(sum u^2 sum g^2), the uncentred cosine;  - 1/2 log2(1 - rho^2), at most D
 *
 * The Gaussian rate is what a linear estimate of a normal g from u amounts to: a lower bound on their mutual information when g is
 * normal, and a convention otherwise. Uncentred, because a common offset of u and g is direction too: what descent needs is the inner
 * product. Weights whose gradient is exactly 0 (their input was silent, say) have no sign to know and are left out of p; an
 * update of 0 where there is a gradient counts one half, as a coin would.
 *
 * Bits are signed: those of an update that runs against the gradient count negative. Random feedback is as often a little
 * with as a little against the gradient before it has learned anything; signed, the two cancel in the mean over seeds, and only alignment
 * that has been earned remains.
 */

/** D: bits of a real number as it is computed here. The significand of float32 has 24, and no update says more of a gradient. */
export const float32Bits = 24;

/** H2(p), the entropy in bits of a coin that shows heads with probability `p`; 0 at 0 and 1. */
export function binaryEntropy(p: number): number {
  const term = (q: number): number => (q <= 0 ? 0 : -q * Math.log2(q));
  return term(p) + term(1 - p);
}

/** Signed bits a weight of sign agreement `p`: 1 - H2(p), negative for p below 1/2. */
export function signBits(p: number): number {
  return Math.sign(p - 0.5) * (1 - binaryEntropy(p));
}

/** Signed bits a weight of correlation `rho`: - 1/2 log2(1 - rho^2), at most `precision`, negative for rho below 0. */
export function gaussianBits(rho: number, precision = float32Bits): number {
  const unexplained = Math.max(0, 1 - rho * rho);
  const bits = Math.min(precision, -0.5 * Math.log2(unexplained));
  return rho < 0 ? -bits : Math.abs(bits);
}

/** What of the joint distribution of update and gradient the two readings need; adds up over weights and batches. */
export interface Agreement {
  /** Weights counted, once for every batch. */
  readonly count: number;
  readonly updateSquares: number;
  readonly gradientSquares: number;
  readonly products: number;
  /** Weights with a gradient other than 0. */
  readonly signed: number;
  /** Those of them with an update of the same sign; one half each for updates of 0. */
  readonly agreeing: number;
}

/** No weights at all. */
export const noAgreement: Agreement = {
  count: 0,
  updateSquares: 0,
  gradientSquares: 0,
  products: 0,
  signed: 0,
  agreeing: 0,
};

/** Agreement of one update with one gradient, of equal length. Throws Error when their lengths differ. */
export function agreementOf(update: ArrayLike<number>, gradient: ArrayLike<number>): Agreement {
  if (update.length !== gradient.length) {
    throw new Error(`internal: an update of ${update.length} weights and a gradient of ${gradient.length}`);
  }
  let [updateSquares, gradientSquares, products, signed, agreeing] = [0, 0, 0, 0, 0];
  for (let i = 0; i < update.length; i++) {
    const [u, g] = [update[i] ?? NaN, gradient[i] ?? NaN];
    updateSquares += u * u;
    gradientSquares += g * g;
    products += u * g;
    if (g === 0) continue;
    signed += 1;
    agreeing += u === 0 ? 0.5 : u > 0 === g > 0 ? 1 : 0;
  }
  return { count: update.length, updateSquares, gradientSquares, products, signed, agreeing };
}

/** Two sets of weights or batches as one. */
export function together(a: Agreement, b: Agreement): Agreement {
  return {
    count: a.count + b.count,
    updateSquares: a.updateSquares + b.updateSquares,
    gradientSquares: a.gradientSquares + b.gradientSquares,
    products: a.products + b.products,
    signed: a.signed + b.signed,
    agreeing: a.agreeing + b.agreeing,
  };
}

/** Uncentred cosine; 0 where either is all zeros, as a silent channel says nothing. NaN where one is not finite. */
export function cosine({ products, updateSquares, gradientSquares }: Agreement): number {
  // Two roots: the product of two small sums of squares would underflow first.
  const lengths = Math.sqrt(updateSquares) * Math.sqrt(gradientSquares);
  return lengths === 0 ? 0 : Math.max(-1, Math.min(1, products / lengths));
}

/** Share of the weights with a gradient whose update has its sign; 1/2 where no weight has one. */
export function signAgreement({ signed, agreeing }: Agreement): number {
  return signed === 0 ? 0.5 : agreeing / signed;
}

/** E cos^2 between the gradient and an update averaged from `draws` normal perturbations of `weights` numbers: k / (W + k - 1). */
export function perturbationCosineSquared(weights: number, draws: number): number {
  return draws / (weights + draws - 1);
}
