import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "./project.ts";

test("the page of mixed tables is what its results say", async () => {
  const { pageOf } = await import(join(root, "bench/tables/page.mjs"));
  const results = JSON.parse(readFileSync(join(root, "bench/tables/results.json"), "utf8"));
  expect(readFileSync(join(root, "docs/results/mixed-tables.md"), "utf8")).toBe(pageOf(results));
});
