/**
 * Seed and size of an attack. Each file `test/attacks/NAME.test.ts` attacks one kind of thing with random or crafted
 * inputs and checks what must hold whatever comes. `npm test` runs a short part from a fixed seed;
 * `npm run attack -- [NAME] [--seed N] [--scale K]` runs K times as many cases from a seed of one's choice, and
 * `npm run fuzz -- [--seed N] [--count K]` K random programs.
 *
 * @module
 */

import { RandomStream, randomKey, split } from "../../src/random/philox.ts";

/** Seed of the whole attack; print it in every failure. */
export const attackSeed: number = Number(process.env.ATTACK_SEED ?? "1");

/** How many times as many cases as in `npm test`. */
export const attackScale: number = Number(process.env.ATTACK_SCALE ?? "1");

/** How many cases there are, where that was asked for. */
const attackCount: number | undefined = process.env.ATTACK_COUNT
  ? Number(process.env.ATTACK_COUNT)
  : undefined;

/** Whether this is `npm run attack` and not `npm test`: parts that are too slow for every test run only then. */
export const isLongAttack: boolean = attackScale > 1 || attackCount !== undefined;

/** Number of cases of an attack that has `short` of them in `npm test`. */
export function attackCases(short: number): number {
  return attackCount ?? Math.round(short * attackScale);
}

/** The random numbers of one case: the same for the same seed, attack and case. */
export function attackStream(attack: string, index: number): RandomStream {
  return new RandomStream(split(randomKey(attackSeed), `${attack} ${index}`));
}
