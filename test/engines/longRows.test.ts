/** Rows of more numbers than a copy writes out are loaded and stored in rounds. */

import { expect, test } from "vitest";
import { wasmEngine } from "../../src/engines/wasm/engine.ts";
import * as g from "../../src/graph/ops.ts";

test.each([31, 32, 33, 40, 47, 784])("rows of %d numbers come back in their places", async (size) => {
  const rows = 70;
  const x = Float64Array.from({ length: rows * size }, (_, i) => i + 0.5);
  for (const precision of ["float32", "float64"] as const) {
    const executable = await wasmEngine({ precision, threads: 1 }).compile({
      rows: { y: g.mul(g.input("x", [size]), 2) },
    });
    const { y } = (await executable.run({ rows, inputs: { x } })).rows;
    executable.dispose();
    expect(Array.from(y!)).toEqual(Array.from(x, (number) => 2 * number));
  }
});
