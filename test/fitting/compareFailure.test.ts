import { expect, it, vi } from "vitest";
import { compare } from "../../src/diagnostics/compare/compare.ts";
import { NumericalError } from "../../src/errors.ts";
import { draw } from "./tables.ts";

vi.mock("../../src/fitting/statistics/fitMixture.ts", () => ({
  fitMixture: () => Promise.reject(new NumericalError("EM went astray.")),
}));

it("one kind that fails is reported last, and does not stop the others", async () => {
  const table = draw(["x", "y"], 100, 1, (stream) => [stream.normal(), stream.normal()]);
  const { flows, best, tied } = await compare(table, { flows: ["mixture", "gaussian", "kde"], threads: 1 });
  expect(
    flows
      .map(({ flow }) => flow)
      .slice(0, 2)
      .sort(),
  ).toEqual(["gaussian", "kde"]);
  expect(flows[2]).toMatchObject({ flow: "mixture", error: "EM went astray.", logProb: undefined });
  expect(best).toBe(flows[0]!.flow);
  expect(tied).not.toContain("mixture");
});
