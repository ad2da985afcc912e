/** Heavy tails against mpmath, from what defines the map (golden/heavy_tails.py). */

import { describe, expect, test } from "vitest";
import { heavyTails } from "../../src/bijections/domains/heavyTails.ts";
import { Subject } from "../laws/harness.ts";
import { expectClose, golden } from "./golden.ts";

type Rows = readonly (readonly number[])[];

interface Mapped {
  readonly x: Rows;
  readonly y: Rows;
  readonly logAbsDet: readonly number[];
}

interface Golden {
  readonly each: Mapped & { readonly below: readonly number[]; readonly above: readonly number[] };
  readonly shared: readonly (Mapped & { readonly weight: number })[];
}

const { each, shared } = golden<Golden>("heavy_tails");
const flat = (rows: Rows): Float64Array => Float64Array.from(rows.flat());

/** Relative; an exponent of s has s times the rounding of it. */
const tolerance = 600 * 4 * 2 ** -52;

async function expectBothWays(
  subject: Subject,
  parameters: Readonly<Record<string, Float64Array>>,
  { x, y, logAbsDet }: Mapped,
): Promise<void> {
  const relative = (expected: Float64Array) => (i: number) => tolerance * Math.abs(expected[i]!);
  const there = await subject.image("forward", parameters, { x: flat(x) });
  expectClose(there.value, flat(y), relative(flat(y)));
  expectClose(there.logAbsDet, logAbsDet, (i) => tolerance * Math.max(1, Math.abs(logAbsDet[i]!)));
  const back = await subject.image("inverse", parameters, { x: flat(y) });
  expectClose(back.value, flat(x), relative(flat(x)));
  expectClose(
    back.logAbsDet,
    logAbsDet.map((own) => -own),
    (i) => tolerance * Math.max(1, Math.abs(logAbsDet[i]!)),
  );
}

test("weights of each side of each feature", async () => {
  const { below, above } = each;
  const subject = new Subject(heavyTails({ features: below.length, reach: 600 }));
  await expectBothWays(subject, { below: Float64Array.from(below), above: Float64Array.from(above) }, each);
});

describe.each(shared)("one weight of $weight for the length of the vector", ({ weight, ...mapped }) => {
  test("keeps the direction", async () => {
    const subject = new Subject(heavyTails({ features: mapped.x[0]!.length, shared: true, reach: 600 }));
    await expectBothWays(subject, { weight: Float64Array.of(weight) }, mapped);
    expect(mapped.y.length).toBe(mapped.logAbsDet.length);
  });
});
