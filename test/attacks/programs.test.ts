/**
 * Random programs through all stages: as they were written, simplified, planned, and as code. Whatever becomes of a program, it gives
 * the same numbers.
 */

import { expect, test } from "vitest";
import { planEngine } from "../../src/engines/plan/engine.ts";
import { referenceEngine } from "../../src/engines/reference/engine.ts";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { type Program, prepareProgram } from "../../src/graph/program.ts";
import { attackCases, attackSeed, attackStream, isLongAttack } from "./attack.ts";
import { randomProgram } from "./randomPrograms.ts";
import { firstDifference, resultsOf } from "./runStage.ts";

/** Few rows, and counts that fill no tile, of three rows or of 64. */
const counts = [2, 7, 65, 1, 4, 5];
/** Rounding alone separates stages: sums in another order, multiplications joined with additions. */
const tolerance = 1e-9;
const wasm = wasmEngine({ precision: "float64", threads: 1 });

/** What goes wrong with a program, and at which stage. */
async function faultOf(program: Program, rows: number, isEmitted: boolean): Promise<string | undefined> {
  let stage = "written";
  try {
    const expected = await resultsOf(referenceEngine, program, rows);
    stage = "planned";
    const planned = firstDifference(await resultsOf(planEngine(), program, rows), expected, tolerance);
    if (planned) {
      stage = "simplified";
      const { rows: outputs, sums, updates } = prepareProgram(program);
      const simplified = await resultsOf(referenceEngine, { rows: outputs, sums, updates }, rows);
      const difference = firstDifference(simplified, expected, tolerance);
      return difference ? `simplified: ${difference}` : `planned: ${planned}`;
    }
    if (!isEmitted) return undefined;
    stage = "emitted";
    const difference = firstDifference(await resultsOf(wasm, program, rows), expected, tolerance);
    return difference && `emitted: ${difference}`;
  } catch (error) {
    return `${stage}: ${error}`;
  }
}

test("random programs give the same numbers at every stage", { timeout: 36_000_000 }, async () => {
  const total = attackCases(80);
  const faults: string[] = [];
  for (let index = 0; index < total; index++) {
    const rows = counts[index % counts.length]!;
    const program = randomProgram(attackStream("programs", index));
    const fault = await faultOf(program, rows, isLongAttack || index % 5 === 0);
    if (fault) faults.push(`seed ${attackSeed}, case ${index}, ${rows} rows, ${fault}`);
    if (isLongAttack && index % 500 === 499) console.log(`${index + 1} programs of ${total}`);
  }
  expect(faults).toEqual([]);
});
