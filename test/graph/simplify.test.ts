import { describe, expect, test } from "vitest";
import * as g from "../../src/graph/ops.ts";
import { prepareProgram } from "../../src/graph/program.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { agree } from "../engines/agree.ts";

describe("simplification", () => {
  test("leaves of one name are one, however often they are written", async () => {
    const twice = g.add(g.mul(g.stepInput("rate"), g.input("x", [2])), g.sin(g.stepInput("rate")));
    expect(prepareProgram({ rows: { twice } }).stepInputs).toHaveLength(1);
    // An engine finds room for one, and what it is given goes there.
    const written = g.add(g.parameter("p", [2]), g.exp(g.parameter("p", [2])));
    const { rows } = await agree({ rows: { written: g.add(written, g.mul(0, g.input("x", [2]))) } });
    expect(rows.written!.every((value) => value > 0)).toBe(true);
  });
  test("what becomes an operation on constants is folded", () => {
    // Zero first, which is one number for all; then a number of it.
    const [folded] = simplify([g.exp(g.mul(0, g.input("x", [3])))]);
    expect(folded).toMatchObject({ op: "constant", data: Float64Array.of(1, 1, 1) });
  });
});
