/** What a formula of a user's own is refused for, and that a model with one needs no code of theirs. */

import { expect, test } from "vitest";
import { maskedAutoregressiveFlow } from "../../src/entries/architectures.ts";
import { type FormulaTransformerOptions, formulaTransformer } from "../../src/entries/transformers.ts";
import { fit, load, tableFromRows } from "../../src/index.ts";

const real = { a: "real" } as const;

test.each<[string, FormulaTransformerOptions, RegExp]>([
  [
    "falls for some parameters",
    { formula: "x + a * tanh(x)", parameters: real },
    /^formulaTransformer: "x \+ a \* tanh\(x\)" decreases at x = \S+, with a = -1000: its slope there is -\S+; bound its parameters/,
  ],
  ["falls", { formula: "x^2" }, /decreases at x = -/],
  [
    "falls within a thousandth",
    { formula: "x - 0.1 * tanh(20 * x)" },
    /decreases at x = 0: its slope there is -1;/,
  ],
  ["is flat", { formula: "2 * a", parameters: real }, /does not change with x, with a = 0/],
  ["overflows", { formula: "x + exp(100 * x)" }, /is infinite at x = /],
  ["is no number at 0", { formula: "log(x)", reach: 4 }, /is infinite at x = 0; .* or say the domain/],
  ["has a name without a meaning", { formula: "b * x", parameters: real }, /column 1: there is no "b"/],
  ["cannot be read", { formula: "x +" }, /column 4: an expression is missing/],
  ["has x for a parameter", { formula: "x", parameters: { x: "real" } }, /other than x, got "x"/],
  [
    "starts out of its bounds",
    { formula: "a * x", parameters: { a: { above: 0, start: -1 } } },
    /a\.start must be between/,
  ],
  [
    "has a strange bound",
    { formula: "a * x", parameters: { a: { least: 0 } as object } },
    /parameters\.a\.least must be/,
  ],
  ["has ends in no order", { formula: "x", domain: [1, 0] }, /domain must be two ends, the lower one first/],
])("a formula that %s is refused", (_, options, message) => {
  expect(() => formulaTransformer(options)).toThrow(message);
});

test("a flow of a formula is fitted, saved, and read without the code that made it", async () => {
  const columns = ["u", "v"];
  const rows = Array.from({ length: 60 }, (_, i) => [Math.sin(i * i), Math.cos(i) + Math.sin(3 * i)]);
  const transformer = formulaTransformer({
    formula: "m + s * (x + a * tanh(2 * x))",
    parameters: { m: "real", s: "positive", a: "positive" },
  });
  const { flow } = await fit(tableFromRows(columns, rows), {
    flow: maskedAutoregressiveFlow({ transformer, transforms: 1, hidden: [4] }),
    epochs: 2,
  });
  const back = await load(flow.toBytes());
  const probe = [
    [0, 0.5],
    [3, -40],
  ];
  expect(await back.logProb(probe)).toEqual(await flow.logProb(probe));
  expect(JSON.stringify(back.description)).toContain('"formula":"m + s * (x + a * tanh(2 * x))"');
});
