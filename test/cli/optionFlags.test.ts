/** The flags of the command line follow from the library's table of options. */

import { expect, test } from "vitest";
import { fitFlags } from "../../src/cli/optionFlags.ts";
import { fitOptionTable } from "../../src/fitting/fitOptions.ts";

test("every option that text can hold has a flag but those named here, and no two have the same", () => {
  const without = Object.entries(fitOptionTable)
    .filter(([name, { type }]) => type && !fitFlags[name as keyof typeof fitFlags])
    .map(([name]) => name);
  // The command line has no flags yet for what single kinds take.
  const ofSingleKinds =
    "components bandwidth rotation marginal layers knots step maps profile pointsInBall steps";
  expect(without).toEqual(["weightDecay", ...ofSingleKinds.split(" ")]);
  const flags = Object.values(fitFlags).flatMap((own) => (own ? [own.flag] : []));
  expect(new Set(flags).size).toBe(flags.length);
});

test("a flag has a value unless the option is true or false", () => {
  for (const [name, own] of Object.entries(fitFlags)) {
    if (!own) continue;
    const { type } = fitOptionTable[name as keyof typeof fitOptionTable];
    expect([name, own.value === undefined]).toEqual([name, type === "flag"]);
  }
});
