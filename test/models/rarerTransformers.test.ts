/** Flows of transformers that are solved, or have weights of their own, are fitted, saved and loaded as any other. */

import { expect, test } from "vitest";
import { maskedAutoregressiveFlow, neuralSplineFlow } from "../../src/architectures/architecture.ts";
import {
  bernstein,
  mixtureTransformer,
  monotonicNetwork,
  sumOfSquares,
} from "../../src/entries/transformers.ts";
import { fit } from "../../src/fitting/fit.ts";
import { load } from "../../src/models/flow.ts";
import { selectColumns } from "../../src/tables/table.ts";
import { curved } from "../fitting/tables.ts";

const small = { transforms: 2, hidden: [6] };

test.each([
  [
    "sums of squares, autoregressive",
    maskedAutoregressiveFlow({ ...small, transformer: sumOfSquares({ polynomials: 1, degree: 2 }) }),
  ],
  [
    "monotonic networks, autoregressive",
    maskedAutoregressiveFlow({ ...small, transformer: monotonicNetwork({ signal: 2, hidden: [4] }) }),
  ],
  [
    "mixtures, in couplings",
    neuralSplineFlow({ ...small, transformer: mixtureTransformer({ components: 2 }) }),
  ],
  [
    "Bernstein polynomials, in couplings",
    neuralSplineFlow({ ...small, transformer: bernstein({ degree: 3 }) }),
  ],
])("%s", async (_, waiting) => {
  const table = selectColumns(curved(150, 1), ["mass", "gap"]);
  const { flow } = await fit(table, { flow: waiting, epochs: 2, threads: 1, seed: 1 });
  const scores = await flow.logProb(table);
  expect([...scores].every(Number.isFinite)).toBe(true);
  const sample = await flow.sample(5, { seed: 1 });
  const back = await flow.toBase(sample);
  expect([...back].every(Number.isFinite)).toBe(true);
  const loaded = await load(flow.toBytes());
  expect(await loaded.logProb(table)).toEqual(scores);
});
