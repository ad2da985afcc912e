/** Modes of one density that differ in width and weight: none is lost. */

import { expect, test } from "vitest";
import { approximate } from "../../src/fitting/variational/approximate.ts";

import type { LogDensity } from "../../src/fitting/variational/writtenDensity.ts";

/** A normalized mixture of normal densities. */
const mixture =
  (modes: readonly { readonly share: number; readonly mean: number; readonly sd: number }[]): LogDensity =>
  ({ x }, { add, mul, square, div, sub, logAddExp }) =>
    modes
      .map(({ share, mean, sd }) =>
        add(Math.log(share / sd) - 0.5 * Math.log(2 * Math.PI), mul(-0.5, square(div(sub(x!, mean), sd)))),
      )
      .reduce((sum, own) => logAddExp(sum, own));

test.each([
  ["a tenth of the mass in a narrow one", 0.1, 1],
  ["a tenth of the mass in the wide one", 0.9, 1],
])(
  "%s",
  async (_, narrowShare, seed) => {
    const logDensity = mixture([
      { share: narrowShare, mean: -20, sd: 0.1 },
      { share: 1 - narrowShare, mean: 10, sd: 3 },
    ]);
    const found = await approximate({ logDensity: logDensity, parameters: { x: "real" }, seed, threads: 1 });
    expect(Math.abs(found.report.logEvidence)).toBeLessThan(3 * found.report.logEvidenceError + 1e-6);
    expect(found.report.warnings.map(({ code }) => code)).toEqual(["modes-disagree"]);
    const mean = narrowShare * -20 + (1 - narrowShare) * 10;
    expect(Math.abs(found.report.summary[0]!.mean - mean)).toBeLessThan(
      5 * found.report.summary[0]!.meanError,
    );
  },
  60_000,
);
