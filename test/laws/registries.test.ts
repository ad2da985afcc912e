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
import * as distributionMakers from "../../src/distributions/makers.ts";
import { readers as distributions } from "../../src/distributions/readers.ts";
import { distributionRegistry } from "../../src/distributions/registry.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { type Readers, Registry } from "../../src/registry.ts";
import * as transformerMakers from "../../src/transformers/makers.ts";
import { readers as transformers } from "../../src/transformers/readers.ts";
import { transformerRegistry } from "../../src/transformers/registry.ts";

const typesOf = (families: readonly Readers<never>[]): string[] =>
  families.flatMap((readers) => Object.keys(readers)).sort();

test("a registry names each type that its readers read, and no other", () => {
  const bijections = [autoregressive, combinators, continuous, domains, linear, piecewise, residual];
  expect(typesOf(bijections as never)).toEqual([...bijectionRegistry.types].sort());
});

test("each line of an index is a type that is read, and there is no other", async () => {
  const named = new Set(["a type that the family is loaded for"]);
  await Promise.all([distributionRegistry.prepare(named), transformerRegistry.prepare(named)]);
  const linesOf = (makers: object): string[] =>
    Object.keys(makers).map((name) => name.replace(/Transformer$/, ""));
  expect(typesOf([distributions] as never)).toEqual(linesOf(distributionMakers).sort());
  expect([...distributionRegistry.types].sort()).toEqual(linesOf(distributionMakers).sort());
  expect(typesOf([transformers] as never)).toEqual(linesOf(transformerMakers).sort());
  expect([...transformerRegistry.types].sort()).toEqual(linesOf(transformerMakers).sort());
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

test("a type that a family has without naming it is refused when the family is loaded", async () => {
  let loads = 0;
  const load = async () => {
    loads++;
    return { readers: { two: () => 2 } };
  };
  const registry = new Registry<number>("number", "numbers", { one: () => 1 }, { others: { load } });
  await registry.prepare(new Set(["one"]));
  expect(loads).toBe(0);
  registry.add("two", () => 4);
  await expect(registry.prepare(new Set(["two"]))).rejects.toThrow(UsageError);
  await expect(registry.prepare(new Set(["two"]))).rejects.toThrow(
    /^register: numbers.two is one of the library's own; give yours another type\.$/,
  );
});

test("a family that does not name its types is loaded once, for the first that is not there", async () => {
  let loads = 0;
  const load = async () => {
    loads++;
    return { readers: { two: () => 2 } };
  };
  const registry = new Registry<number>("number", "numbers", { one: () => 1 }, { others: { load } });
  await registry.prepare(new Set(["two"]));
  await registry.prepare(new Set(["two", "nobody"]));
  expect([registry.read({ type: "two" }), loads, registry.types]).toEqual([2, 1, ["one", "two"]]);
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
