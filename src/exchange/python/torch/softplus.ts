/**
 * The softplus as PyTorch has it.
 *
 * @module
 */

/** log(1 + e^x). */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
