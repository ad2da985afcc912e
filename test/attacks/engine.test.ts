/** Random programs on all engines: values, gradients and tangents agree, for any count of rows. */

import { expect, test } from "vitest";
import type { RunOutputs } from "../../src/engines/engine.ts";
import { differenceOf, runOn } from "../engines/agree.ts";
import { engines } from "../engines.ts";
import { attackCases, attackSeed, attackStream } from "./attack.ts";
import { randomProgram } from "./randomPrograms.ts";

const counts = [1, 3, 64, 70, 129];

test("random programs give the same on all engines", { timeout: 3_600_000 }, async () => {
  for (let index = 0; index < attackCases(5); index++) {
    const program = randomProgram(attackStream("engine", index));
    // One count for each case, and all for a few.
    const rows = index % 10 === 0 ? counts : [counts[index % counts.length]!];
    const outputs: RunOutputs[][] = [];
    for (const engine of engines) outputs.push(await runOn(engine, program, { rows, scale: 0.5 }));
    const [expected, ...others] = outputs as [RunOutputs[], ...RunOutputs[][]];
    others.forEach((own, k) => {
      const { name, epsilon } = engines[k + 1]!;
      own.forEach((actual, i) => {
        const difference = differenceOf(actual, expected[i]!, 20_000 * epsilon);
        if (difference)
          expect.fail(`seed ${attackSeed}, case ${index}, ${name}, ${rows[i]} rows: ${difference}`);
      });
    });
    // Both modes tell the same.
    const { dx, tangent } = expected[0]!.rows;
    expect(dx!.every(Number.isFinite) && tangent!.every(Number.isFinite), `case ${index}`).toBe(true);
  }
});
