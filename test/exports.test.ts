import { expect, test } from "vitest";
import { bijectionReaders } from "../src/bijections/registry.ts";
import { distributionReaders } from "../src/distributions/registry.ts";
import * as library from "../src/index.ts";

test("every bijection that a model file may hold is exported under the name of its type", () => {
  for (const type of Object.keys(bijectionReaders)) expect(library).toHaveProperty(type);
});

test("every distribution that a model file may hold is exported under the name of its type", () => {
  for (const type of Object.keys(distributionReaders)) expect(library).toHaveProperty(type);
});
