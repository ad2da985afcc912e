/**
 * Derivatives as graphs: `vjp` (reverse mode) and `jvp` (forward mode).
 *
 * @module
 */

export { jvp } from "./forward.ts";
export { vjp, vjpInPieces } from "./reverse.ts";
