import { expect, test } from "vitest";
import { bijectionFromJson } from "../../src/bijections/bijectionFromJson.ts";
import { bijectionRegistry } from "../../src/bijections/registry.ts";
import { manyToOne } from "../../src/distributions/bounds/manyToOne.ts";
import * as composedMakers from "../../src/distributions/composed/makers.ts";
import * as independentMakers from "../../src/distributions/independent/makers.ts";
import * as jointMakers from "../../src/distributions/joint/makers.ts";
import * as distributionMakers from "../../src/distributions/makers.ts";
import { distributionRegistry } from "../../src/distributions/registry.ts";
import * as uniformMakers from "../../src/distributions/uniform/makers.ts";
import * as bijections from "../../src/entries/bijections.ts";
import * as transformers from "../../src/entries/transformers.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import * as circularMakers from "../../src/networks/circular/makers.ts";
import * as convolutionMakers from "../../src/networks/convolution/makers.ts";
import * as conditionerMakers from "../../src/networks/makers.ts";
import { conditionerRegistry } from "../../src/networks/registry.ts";
import { Registry } from "../../src/registry.ts";
import { transformerRegistry } from "../../src/transformers/registry.ts";

/** Exports of an entry that are not a line of an index. */
const notMade = [
  "augmentation",
  "bijectionFromJson",
  "bijectionGraph",
  "largest",
  "placesIn",
  "rounding",
  "seriesError",
  "squeezeOrder",
  "transformerFromJson",
];

test.each([
  ["bijection", bijectionRegistry, bijections, ""],
  ["transformer", transformerRegistry, transformers, "Transformer"],
  [
    "distribution",
    distributionRegistry,
    {
      ...distributionMakers,
      ...composedMakers,
      ...independentMakers,
      ...jointMakers,
      ...uniformMakers,
      // Has a bound in place of a log-density, and none of the laws.
      manyToOne,
    },
    "",
  ],
  [
    "conditioner",
    conditionerRegistry,
    { ...conditionerMakers, ...circularMakers, ...convolutionMakers },
    "Conditioner",
  ],
] as const)(
  "each line of an index is a %s that is read, and no other is read",
  async (_, registry, index, suffix) => {
    await registry.prepare(new Set(["a type that no family lists"]));
    const types = Object.keys(index)
      .filter((name) => !notMade.includes(name))
      .map((name) => (suffix !== "" && name.endsWith(suffix) ? name.slice(0, -suffix.length) : name));
    expect([...registry.types].sort()).toEqual(types.sort());
  },
);

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
  const registry = new Registry<number>("number", "numbers", { one: () => 1 }, [
    family("two", 2),
    family("three", 3),
  ]);
  return { registry, loads };
}

test("a family is loaded when it is named, once, and no other with it", async () => {
  const { registry, loads } = numbers();
  expect(registry.types).toEqual(["one", "two", "three"]);
  expect(() => registry.read({ type: "two" })).toThrow(FormatError);
  await registry.prepare(new Set(["one", "two"]));
  await registry.prepare(new Set(["two"]));
  expect(registry.read({ type: "two" })).toBe(2);
  expect(loads).toEqual(["two"]);
});

test("a type that no family lists loads all families, once", async () => {
  const { registry, loads } = numbers();
  await registry.prepare(new Set(["one", "four"]));
  await registry.prepare(new Set(["four"]));
  expect(loads.sort()).toEqual(["three", "two"]);
  expect(() => registry.read({ type: "four" })).toThrow(FormatError);
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
  const registry = new Registry<number>("number", "numbers", { one: () => 1 }, [{ load }]);
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
  const registry = new Registry<number>("number", "numbers", { one: () => 1 }, [{ load }]);
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
