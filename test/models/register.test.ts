/** Transformers, conditioners, bases and bijections of a user's own, in architectures and in model files. */

import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  type Architecture,
  maskedAutoregressiveFlow,
  neuralSplineFlow,
  realNVP,
} from "../../src/architectures/architecture.ts";
import { planarFlow } from "../../src/architectures/elementaryFlows.ts";
import { ownArchitecture } from "../../src/architectures/kindOf.ts";
import type { Bijection, Mapped } from "../../src/bijections/bijection.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { affine } from "../../src/bijections/linear/affine.ts";
import { diagonalNormal } from "../../src/distributions/diagonalNormal.ts";
import type { Distribution } from "../../src/distributions/distribution.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { FormatError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import type { FlowSizes } from "../../src/fitting/flowOption.ts";
import type { Expr } from "../../src/graph/expr.ts";
import * as g from "../../src/graph/ops.ts";
import { load } from "../../src/models/flow.ts";
import { register } from "../../src/models/register.ts";
import type { Conditioner } from "../../src/networks/conditionerContract.ts";
import { network } from "../../src/networks/network.ts";
import { selectColumns } from "../../src/tables/table.ts";
import { sinhArcsinh } from "../../src/transformers/tails/sinhArcsinh.ts";
import type { Transformer } from "../../src/transformers/transformer.ts";
import { transformerFromJson } from "../../src/transformers/transformerFromJson.ts";
import { curved } from "../fitting/tables.ts";
import { fitArchitecture, untrained } from "../laws/fitArchitecture.ts";

/** y = x + p. */
function shift(): Transformer {
  return {
    type: "testShift",
    parameterCount: 1,
    forward: (x, [p]) => ({ value: g.add(x, p!), logDerivative: g.constant(0) }),
    inverse: (y, [p]) => ({ value: g.sub(y, p!), logDerivative: g.constant(0) }),
    toJSON: () => ({ type: "testShift" }),
  };
}

/** y = x + size p. */
function slide({ size }: { readonly size: number }): Transformer {
  return {
    type: "slide",
    parameterCount: 1,
    forward: (x, [p]) => ({ value: g.add(x, g.mul(size, p!)), logDerivative: g.constant(0) }),
    inverse: (y, [p]) => ({ value: g.sub(y, g.mul(size, p!)), logDerivative: g.constant(0) }),
    toJSON: () => ({ type: "slide", size }),
  };
}

// A line more in the index.
vi.mock("../../src/transformers/makers.ts", async (original) => ({
  ...(await original<object>()),
  slideTransformer: (options: { readonly size: number }) => slide(options),
}));

/** A network with hyperbolic tangents, for couplings. */
function smooth({ width }: { readonly width: number }): Conditioner {
  return {
    type: "testSmooth",
    network({ inputs, outputs, autoregressive }) {
      if (autoregressive) throw new UsageError("testSmooth: it cannot be autoregressive.");
      return network({ inputs, hidden: [width], outputs, activation: "tanh", start: "zero" });
    },
    toJSON: () => ({ type: "testSmooth", width }),
  };
}

/** Logistic features: heavier tails than the normal ones. */
function logistic({ features }: { readonly features: number }): Distribution {
  return {
    type: "testLogistic",
    features,
    noise: features,
    parameters: {},
    logProb: (x) => g.sum(g.sub(g.neg(x), g.mul(2, g.softplus(g.neg(x))))),
    sample(noise) {
      const u = g.mul(0.5, g.add(1, g.erf(g.mul(noise, Math.SQRT1_2))));
      return g.sub(g.log(u), g.log1p(g.neg(u)));
    },
    toJSON: () => ({ type: "testLogistic", features }),
  };
}

/** y_2 = x_2 + strength x_1. */
function shear({ strength }: { readonly strength: number }): Bijection {
  const apply = (x: Expr, by: number): Mapped => ({
    value: g.linear(x, g.constant([1, 0, by, 1], [2, 2])),
    logAbsDet: g.constant(0),
  });
  return {
    type: "testShear",
    features: 2,
    context: 0,
    parameters: {},
    forward: (x) => apply(x, strength),
    inverse: (y) => apply(y, -strength),
    toJSON: () => ({ type: "testShear", features: 2, strength }),
  };
}

const two = selectColumns(curved(150, 1), ["mass", "gap"]);
const sizes = { features: 2, transforms: 2, hidden: [4] };

test("what is not registered fails with a line that says which it is and how to register it", async () => {
  const flow = await untrained(realNVP({ ...sizes, transformer: shift() }));
  expect(() => flow.toBytes()).toThrow(UsageError);
  expect(() => flow.toBytes()).toThrow(
    /holds a transformer of type "testShift", .* register\(\{ transformers: \{ "testShift": /,
  );
  expect(() => flow.toBytes()).not.toThrow(/\n/);
});

test("a transformer of the library takes its file and a line of the index: it is fitted, saved and loaded", async () => {
  const flow = neuralSplineFlow({ transformer: slide({ size: 0.5 }), transforms: 2, hidden: [4] });
  const { flow: fitted } = await fit(two, { flow, epochs: 1, threads: 1, seed: 1 });
  const back = await load(fitted.toBytes());
  expect(back.description).toEqual(fitted.description);
  expect(await back.logProb(two)).toEqual(await fitted.logProb(two));
});

describe("registered", () => {
  beforeAll(() => {
    const readers = {
      transformers: { testShift: shift },
      conditioners: { testSmooth: (options: object) => smooth(options as { width: number }) },
      distributions: { testLogistic: (options: object) => logistic(options as { features: number }) },
      bijections: { testShear: (options: object) => shear(options as { strength: number }) },
    };
    register(readers);
    // The same again changes nothing.
    register(readers);
  });

  test.each([
    ["a transformer, in couplings", "coupling", realNVP({ ...sizes, transformer: shift() })],
    [
      "a transformer, autoregressive",
      "autoregressive",
      maskedAutoregressiveFlow({ ...sizes, transformer: shift() }),
    ],
    [
      "a transformer, in a neural spline flow",
      "coupling",
      neuralSplineFlow({ features: 2, transforms: 2, hidden: [4], transformer: shift() }),
    ],
    ["a conditioner", "realnvp", realNVP({ features: 2, transforms: 2, conditioner: smooth({ width: 5 }) })],
    ["a base", "realnvp", realNVP({ ...sizes, base: logistic })],
    ["a base of ours", "planar", planarFlow({ ...sizes, base: diagonalNormal })],
    [
      "a bijection",
      "custom",
      {
        ...realNVP(sizes),
        bijection: chain([affine({ features: 2 }), shear({ strength: 0.3 })]),
      },
    ],
  ])("%s: is saved as what it is, loaded, and scores the same", async (_, kind, architecture) => {
    const flow = await untrained(architecture);
    const bytes = flow.toBytes();
    const back = await load(bytes);
    expect(back.description.kind).toBe(kind);
    expect(back.description).toEqual(flow.description);
    expect(await back.logProb(two)).toEqual(await flow.logProb(two));
    expect((await back.sample(5, { seed: 1 })).values).toEqual((await flow.sample(5, { seed: 1 })).values);
    expect(back.toBytes()).toEqual(bytes);
  });

  test("types of ours, and a type with two readers, are refused", () => {
    expect(() => register({ transformers: { affine: shift } })).toThrow(
      /transformers.affine is one of the library's own/,
    );
    expect(() => register({ transformers: { testShift: () => shift() } })).toThrow(/another reader/);
    expect(() => register({ transformers: { test: 3 as never } })).toThrow(
      /transformers.test must be a function/,
    );
    expect(() => register({ transformer: { test: shift } } as never)).toThrow(/did you mean "transformers"/);
  });

  test("a reader that does not fit its toJSON is found when the model is saved", async () => {
    register({ transformers: { testLossy: () => lossy(0) } });
    const flow = await untrained(realNVP({ ...sizes, transformer: lossy(3) }));
    expect(() => flow.toBytes()).toThrow(/reads back with another description/);
  });
});

function lossy(size: number): Transformer {
  return { ...shift(), type: "testLossy", toJSON: () => ({ type: "testLossy", size }) };
}

test("an architecture of which a part was replaced is custom, and one that was copied is what it was", async () => {
  const kind = async (architecture: Parameters<typeof fitArchitecture>[1]): Promise<string> =>
    (await fitArchitecture(two, architecture)).description.kind;
  const made = realNVP(sizes);
  expect(await kind({ ...made, kind: "maf" })).toBe("realnvp");
  expect(await kind({ ...made, bijection: chain([affine({ features: 2 })]) })).toBe("custom");
  expect(realNVP({ ...sizes, transformer: neuralSplineTransformer() }).kind).toBe("nsf");
});

function neuralSplineTransformer(): Transformer {
  const [part] = neuralSplineFlow(sizes).bijection.toJSON().parts as { transformer: unknown }[];
  return transformerFromJson(part!.transformer);
}

describe("an architecture of one's own", () => {
  const stretch = ({ features, context }: FlowSizes): Architecture =>
    ownArchitecture({
      ...realNVP({ features, context, transforms: 2, hidden: [4] }),
      kind: "test-stretch",
      bijection: chain([affine({ features })]),
    });

  test("is refused when it is saved or loaded, until its name is registered", async () => {
    const flow = await fitArchitecture(two, stretch({ features: 2, context: 0 }));
    expect(() => flow.toBytes()).toThrow(UsageError);
    expect(() => flow.toBytes()).toThrow(
      /cannot be saved, as it could not be read back: it is of the kind "test-stretch", .* register\(\{ architectures: \["test-stretch"\] \}\)\.$/,
    );
    register({ architectures: ["test-stretch"] });
    const bytes = flow.toBytes();
    const renamed = bytes.slice();
    renamed.set(new TextEncoder().encode("test-strange"), Buffer.from(bytes).indexOf("test-stretch"));
    await expect(load(renamed)).rejects.toThrow(FormatError);
    await expect(load(renamed)).rejects.toThrow(/of the kind "test-strange"/);
  });

  test("is saved and loaded under its name, and fitted by a function of the sizes", async () => {
    register({ architectures: ["test-stretch"] });
    register({ architectures: ["test-stretch"] });
    const { flow } = await fit(two, { flow: stretch, epochs: 1, threads: 1, seed: 1 });
    expect(flow.description.kind).toBe("test-stretch");
    const back = await load(flow.toBytes());
    expect(back.description).toEqual(flow.description);
    expect(String(back)).toContain("test-stretch");
    expect(await back.logProb(two)).toEqual(await flow.logProb(two));
  });

  test("is custom where its bijection was replaced, and that of the library where it is the library's", async () => {
    const made = stretch({ features: 2, context: 0 });
    const kind = async (architecture: Architecture): Promise<string> =>
      (await fitArchitecture(two, architecture)).description.kind;
    expect(await kind({ ...made, bijection: chain([affine({ features: 2 })]) })).toBe("custom");
    expect(await kind({ ...realNVP(sizes), kind: "test-stretch" })).toBe("realnvp");
    expect(() => ownArchitecture({ ...realNVP(sizes), kind: "test-stretch" })).toThrow(
      /bijection was made by the architecture "realnvp"/,
    );
  });

  test("has a name that is none of the library's", () => {
    expect(() => ownArchitecture({ ...realNVP(sizes), kind: "maf" })).toThrow(
      /ownArchitecture: kind is "maf", one of the library's own; give yours another name/,
    );
    expect(() => register({ architectures: ["custom"] })).toThrow(/one of the library's own/);
    expect(() => register({ architectures: [""] })).toThrow(/is empty/);
    expect(() => register({ architectures: "mine" as never })).toThrow(
      /architectures must be an array of names/,
    );
    expect(() => ownArchitecture(3 as never)).toThrow(/architecture must be an object/);
    expect(() => ownArchitecture({ kind: "mine" } as never)).toThrow(/bijection must be a/);
  });
});

test("what does not fit is refused by its name", () => {
  expect(() => realNVP({ ...sizes, base: standardNormal({ features: 3 }) })).toThrow(
    /base must be of the 2 features of the flow, got/,
  );
  expect(() => realNVP({ ...sizes, base: (() => 3) as never })).toThrow(/base must be a distribution, got 3/);
  expect(() => realNVP({ ...sizes, transformer: {} as never })).toThrow(/transformer must be a transformer/);
  expect(() => realNVP({ ...sizes, conditioner: smooth({ width: 2 }) })).toThrow(/hidden must be left out/);
  expect(() => neuralSplineFlow({ ...sizes, bins: 4, transformer: shift() })).toThrow(
    /bins is an option of its spline/,
  );
  expect(() => maskedAutoregressiveFlow({ features: 2, conditioner: smooth({ width: 2 }) })).toThrow(
    /cannot be autoregressive/,
  );
});

test("what a part of one's own returns is checked, by its name", async () => {
  const withTransformer = (inverse: unknown) => (size: FlowSizes) =>
    realNVP({ ...size, transformer: { ...shift(), inverse } as Transformer });
  const withBijection = (inverse: unknown) => (size: FlowSizes) => {
    const made = realNVP({ ...size, transforms: 2 });
    return {
      ...made,
      bijection: chain([
        made.bijection,
        { ...affine({ features: size.features }), type: "mine", inverse } as Bijection,
      ]),
    };
  };
  const zero = g.constant(0);
  const cases: readonly (readonly [(size: FlowSizes) => Architecture, RegExp])[] = [
    [withTransformer((y: Expr) => y), /^inverse of the transformer "testShift": value must be an expression/],
    [
      withTransformer(() => undefined),
      /what it returns must be an object, got undefined; return \{ value, log/,
    ],
    [withTransformer((value: Expr) => ({ value })), /logDerivative must be an expression or a number, got/],
    [
      withBijection((value: Expr) => ({ value })),
      /^inverse of the bijection "mine": logAbsDet must be an exp/,
    ],
    [
      withBijection((value: Expr) => ({ value, logAbsDet: value })),
      /logAbsDet must be of the shape \[\], got \[2\]/,
    ],
    [withBijection(() => ({ value: zero, logAbsDet: zero })), /value must be of the shape \[2\], got \[\]/],
    [(() => ({ kind: "mine", ...sizes })) as never, /got an object; it lacks context, base, bijection/],
  ];
  for (const [flow, message] of cases)
    await expect(fit(two, { flow, epochs: 1, threads: 1 })).rejects.toThrow(message);
  // A number stands for a constant.
  const identity = withBijection((value: Expr) => ({ value, logAbsDet: 0 }));
  expect((await fit(two, { flow: identity, epochs: 1, threads: 1 })).flow.columns).toHaveLength(2);
});

test("a model that names an unregistered type is a FormatError", () => {
  expect(() => transformerFromJson({ type: "nobody" })).toThrow(FormatError);
});

test("without features an architecture waits for its sizes", () => {
  const wait = neuralSplineFlow({ transformer: sinhArcsinh(), transforms: 2, hidden: [4] });
  const made = wait({ features: 2, context: 1 });
  expect([made.kind, made.features, made.context]).toEqual(["coupling", 2, 1]);
  expect(planarFlow()({ features: 3, context: 0 }).features).toBe(3);
  expect(() => realNVP({ context: 1 } as never)).toThrow(
    /features must be a number, got undefined; or leave/,
  );
  expect(() => realNVP({ feature: 2 } as never)).toThrow(/did you mean "features"/);
  expect(() => realNVP(3 as never)).toThrow(UsageError);
});

test("a fit takes an architecture that waits for its sizes", async () => {
  const waiting = neuralSplineFlow({ transformer: sinhArcsinh(), transforms: 2, hidden: [4] });
  const { flow } = await fit(two, { flow: waiting, epochs: 2, threads: 1, seed: 1 });
  expect(flow.description.kind).toBe("coupling");
  expect(String(flow)).toMatch(/: coupling flow of sinhArcsinh, 2 transforms, hidden 4, \d+ parameters$/);
  expect((await load(flow.toBytes())).description).toEqual(flow.description);
});
