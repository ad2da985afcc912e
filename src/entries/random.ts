/**
 * Random numbers: a key gives a stream, the same on every machine.
 *
 * @module pushforward/random
 */

export { type RandomKey, RandomStream, randomKey, split, uniformsAt } from "../random/philox.ts";
