/**
 * Seed and size of an attack. Each file `test/attacks/NAME.test.ts` attacks one kind of thing with random or crafted
 * inputs and checks what must hold whatever comes. `npm test` runs a short part from a fixed seed;
 * `npm run attack -- [NAME] [--seed N] [--scale K]` runs K times as many cases from a seed of one's choice.
 *
 * @module
 */

import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

/** Seed of the whole attack; print it in every failure. */
export const attackSeed: number = Number(process.env.ATTACK_SEED ?? "1");

/** How many times as many cases as in `npm test`. */
export const attackScale: number = Number(process.env.ATTACK_SCALE ?? "1");

/** Whether this is `npm run attack` and not `npm test`: parts that are too slow for every test run only then. */
export const isLongAttack: boolean = attackScale > 1;

/** Number of cases of an attack that has `short` of them in `npm test`. */
export function attackCases(short: number): number {
  return Math.round(short * attackScale);
}

/** The random numbers of one case: the same for the same seed, attack and case. */
export function attackStream(attack: string, index: number): RandomStream {
  return new RandomStream(split(randomKey(attackSeed), `${attack} ${index}`));
}
