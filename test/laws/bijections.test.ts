import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bijectionRegistry } from "../../src/bijections/registry.ts";
import { bijectionLaws } from "./bijectionLaws.ts";
import { flatCases } from "./cases/bijectionCase.ts";
import { bijectionCases, solvedTypes } from "./cases/bijections.ts";

describe("the table of bijections", () => {
  test("has a row for every type that a model file may hold, and for no other", async () => {
    await bijectionRegistry.prepare(new Set(["a type that no family lists"]));
    expect([...Object.keys(bijectionCases), ...Object.keys(solvedTypes)].sort()).toEqual(
      [...bijectionRegistry.types].sort(),
    );
    for (const [type, rows] of Object.entries(bijectionCases))
      expect(Object.keys(rows).length, type).toBeGreaterThan(0);
  });

  test.each(Object.entries(solvedTypes))("%s has a file of laws of its own", (_, file) => {
    expect(existsSync(new URL(`../${file}`, import.meta.url))).toBe(true);
  });
});

bijectionLaws(flatCases(bijectionCases));
