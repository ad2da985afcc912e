/**
 * All laws of bijections, case by case: what is compiled for one law serves the others.
 *
 * @module
 */

import { afterAll, describe, expect, test } from "vitest";
import type { Program } from "../../src/graph/program.ts";
import { engines } from "../engines.ts";
import type { BijectionCases } from "./cases/bijectionCase.ts";
import { densityLaws } from "./densityLaws.ts";
import { engineLaws } from "./engineLaws.ts";
import { Subject } from "./harness.ts";
import { robustnessLaws } from "./robustnessLaws.ts";
import { valueLaws } from "./valueLaws.ts";

/** Declares the laws of each case, on each engine whose numbers are large enough for it. */
export function bijectionLaws(cases: BijectionCases): void {
  describe.each(Object.entries(cases))("%s", (name, row) => {
    const programs = new Map<string, Partial<Program>>();
    const own = engines
      .filter(({ epsilon }) => epsilon < 1e-10 || !row.needsFloat64)
      .map((engine) => ({ engine, subject: new Subject(row.bijection, engine.engine, programs) }));
    afterAll(async () => {
      for (const { subject } of own) await subject.dispose();
    });
    const [reference, fast] = own as [(typeof own)[number], (typeof own)[number]];
    valueLaws(row, reference.subject);
    densityLaws(row, fast.subject);
    describe.each(own)("$engine.name", ({ engine, subject }) => {
      if (subject !== reference.subject) engineLaws(name, row, engine, subject, reference.subject);
      robustnessLaws(name, row, engine, subject);
      test("the engine is the one that was asked for", () =>
        expect(engine.name).toContain(engine.engine.name));
    });
  });
}
