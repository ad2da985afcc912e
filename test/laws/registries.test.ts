import { expect, test } from "vitest";
import { readers as autoregressive } from "../../src/bijections/autoregressive/readers.ts";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { readers as combinators } from "../../src/bijections/combinators/readers.ts";
import { readers as continuous } from "../../src/bijections/continuous/readers.ts";
import { readers as domains } from "../../src/bijections/domains/readers.ts";
import { readers as linear } from "../../src/bijections/linear/readers.ts";
import { readers as piecewise } from "../../src/bijections/piecewise/readers.ts";
import { bijectionRegistry } from "../../src/bijections/registry.ts";
import { readers as residual } from "../../src/bijections/residual/readers.ts";
import { readers as distributions } from "../../src/distributions/readers.ts";
import { distributionRegistry } from "../../src/distributions/registry.ts";
import { FormatError } from "../../src/errors.ts";
import { type Readers, Registry } from "../../src/registry.ts";
import { readers as transformers } from "../../src/transformers/readers.ts";
import { transformerRegistry } from "../../src/transformers/registry.ts";

const typesOf = (families: readonly Readers<never>[]): string[] =>
  families.flatMap((readers) => Object.keys(readers)).sort();

test("a registry names each type that its readers read, and no other", () => {
  const bijections = [autoregressive, combinators, continuous, domains, linear, piecewise, residual];
  expect(typesOf(bijections as never)).toEqual([...bijectionRegistry.types].sort());
  expect(typesOf([distributions, { standardNormal: "in the registry" }] as never)).toEqual(
    [...distributionRegistry.types].sort(),
  );
  expect(typesOf([transformers] as never)).toEqual([...transformerRegistry.types].sort());
});

/** A registry of numbers: `one` is there from the start, `two` and `three` are families. */
function numbers(): { readonly registry: Registry<number>; readonly loads: string[] } {
  const loads: string[] = [];
  const family = (type: string, value: number) => ({
    types: [type],
    load: async () => {
      loads.push(type);
      return { readers: { [type]: () => value } };
    },
  });
  const registry = new Registry<number>(
    "number",
    "numbers",
    { one: () => 1 },
    { two: family("two", 2), three: family("three", 3) },
  );
  return { registry, loads };
}

test("a family is loaded when it is named, once, and no other with it", async () => {
  const { registry, loads } = numbers();
  expect(registry.types).toEqual(["one", "two", "three"]);
  expect(() => registry.read({ type: "two" })).toThrow(FormatError);
  await registry.prepare(new Set(["one", "two", "none"]));
  await registry.prepare(new Set(["two"]));
  expect(registry.read({ type: "two" })).toBe(2);
  expect(loads).toEqual(["two"]);
});

test("a reader of one's own may read every type: all families are loaded for it", async () => {
  const { registry, loads } = numbers();
  registry.add("sum", (_, read) => read({ type: "two" }) + read({ type: "three" }));
  await registry.prepare(new Set(["sum"]));
  expect(registry.read({ type: "sum" })).toBe(5);
  expect(loads.sort()).toEqual(["three", "two"]);
});

test("a type of a family that is not loaded yet cannot be registered", () => {
  const { registry } = numbers();
  expect(() => registry.add("two", () => 4)).toThrow(/one of the library's own/);
});

test("bijectionFromJson reads every type at once", () => {
  const coupling = {
    type: "coupling",
    features: 2,
    context: 0,
    transformed: [1],
    hidden: [4],
    transformer: { type: "sinhArcsinh" },
  };
  const map = bijectionFromJson({ type: "chain", parts: [coupling, { type: "planar", features: 2 }] });
  expect(map.parameters).toHaveProperty("1");
});
