/** The error of a sum over rows does not grow with the rows, and its bits do not depend on the threads. */

import { expect, test } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import { vjp } from "../../src/graph/derivative/derivative.ts";
import * as g from "../../src/graph/ops.ts";

test("the mean of a million times 0.1 in float32 is 0.1 to its last bits, with its gradients", async () => {
  const rows = 1_000_003;
  const q = g.input("q", []);
  const [weight, bias] = [g.parameter("weight", []), g.parameter("bias", [3])];
  const loss = g.sumRows(g.add(g.mul(q, weight), g.sum(g.mul(bias, g.concatenate([q, q, q])))));
  const [slope, slopes] = vjp([loss], [g.constant(1)], [weight, bias]);
  const inputs = { rows, inputs: { q: new Float64Array(rows).fill(0.1) } };
  const seen = [];
  for (const threads of [1, 3]) {
    const executable = await wasmEngine({ threads }).compile({
      sums: { sum: g.sumRows(q), slope: slope!, slopes: slopes! },
    });
    const { sums } = await executable.run(inputs);
    executable.dispose();
    for (const value of [...sums.sum!, ...sums.slope!, ...sums.slopes!])
      expect(Math.abs(value / rows / 0.1 - 1)).toBeLessThan(4 * 2 ** -24);
    seen.push(sums);
  }
  expect(seen[1]).toEqual(seen[0]);
});
