import { expect, test } from "vitest";
import { bijectionRegistry } from "../src/bijections/registry.ts";
import { distributionRegistry } from "../src/distributions/registry.ts";
import * as library from "../src/index.ts";

test("every bijection that a model file may hold is exported under the name of its type", () => {
  for (const type of bijectionRegistry.types) expect(library).toHaveProperty(type);
});

test("every distribution that a model file may hold is exported under the name of its type", () => {
  for (const type of distributionRegistry.types) expect(library).toHaveProperty(type);
});
