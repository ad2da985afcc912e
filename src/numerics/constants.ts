/**
 * Constants of densities.
 *
 * @module
 */

/** log(2 pi). */
export const logTwoPi: number = Math.log(2 * Math.PI);
