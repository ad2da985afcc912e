/** Features that have a shape: places, blocks, convolutions that condition, and a flow of small images. */

import { describe, expect, test } from "vitest";
import { coupling } from "../../src/bijections/autoregressive/coupling.ts";
import { chain } from "../../src/bijections/combinators/chain.ts";
import { affine } from "../../src/bijections/linear/affine.ts";
import { luAffine } from "../../src/bijections/linear/luAffine.ts";
import { permutation } from "../../src/bijections/linear/permutation.ts";
import { channelAffine } from "../../src/bijections/matrices/channelAffine.ts";
import { placesIn, squeezeOrder } from "../../src/bijections/shapes.ts";
import { standardNormal } from "../../src/distributions/standardNormal.ts";
import { ShapeError, UsageError } from "../../src/errors.ts";
import { fit } from "../../src/fitting/fit.ts";
import * as g from "../../src/graph/ops.ts";
import { bindTree } from "../../src/graph/parameters.ts";
import { load } from "../../src/models/flow.ts";
import { convolutionConditioner } from "../../src/networks/convolution/convolutionConditioner.ts";
import { RandomStream, randomKey } from "../../src/random/philox.ts";
import { type Table, tableFromRows } from "../../src/tables/table.ts";
import { affineTransformer } from "../../src/transformers/affineTransformer.ts";
import { agree } from "../engines/agree.ts";

describe("places in a shape", () => {
  test("are the fields of a chessboard, with all channels, or half of the channels", () => {
    expect(placesIn([2, 3, 2], "even")).toEqual([0, 1, 4, 5, 8, 9]);
    expect(placesIn([2, 3, 2], "odd")).toEqual([2, 3, 6, 7, 10, 11]);
    expect(placesIn([2, 3], "firstChannels")).toEqual([0, 3]);
    expect(placesIn([2, 3], "lastChannels")).toEqual([1, 2, 4, 5]);
    expect(placesIn([3, 1], "odd")).toEqual([1]);
  });

  test("blocks of positions become channels, row by row, those of one position together", () => {
    // A picture of 2 x 4 with two channels; the base has [1, 2, 8].
    const base = Array.from({ length: 16 }, (_, i) => i);
    const order = squeezeOrder([2, 4, 2]);
    expect(order.map((from) => base[from])).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 4, 5, 6, 7, 12, 13, 14, 15]);
  });

  test("what has no such half, or no such blocks, is refused", () => {
    expect(() => placesIn([1, 1, 4], "odd")).toThrow(ShapeError);
    expect(() => placesIn([4, 1], "firstChannels")).toThrow(ShapeError);
    expect(() => placesIn([4], "odd")).toThrow(UsageError);
    expect(() => squeezeOrder([3, 4, 1])).toThrow(ShapeError);
    expect(() => squeezeOrder([4, 4])).toThrow(UsageError);
    const conditioner = convolutionConditioner({ hidden: [2] });
    expect(() =>
      coupling({ features: 4, transformed: [0], transformer: affineTransformer(), conditioner }),
    ).toThrow(UsageError);
    expect(() => convolutionConditioner({ hidden: [2], size: 2 })).toThrow(UsageError);
  });
});

test("channelAffine is luAffine, turned round, at every position", async () => {
  const parameters = bindTree(luAffine({ features: 3 }).parameters);
  const y = g.input("y", [12]);
  const at = (position: number): g.Value => g.slice(y, 3 * position, 3 * position + 3);
  const whole = channelAffine({ features: [2, 2, 3] });
  const one = luAffine({ features: 3 });
  // Of zero shift the one direction is the other's.
  const shift = g.zeros([3]);
  const own = { ...parameters, shift };
  const expected = [0, 1, 2, 3].map((position) => one.forward(g.asExpr(at(position)), own));
  const got = whole.inverse(y, own);
  const out = await agree(
    {
      rows: {
        difference: g.sub(got.value, g.concatenate(expected.map(({ value }) => value))),
        logAbsDet: g.sub(
          g.mul(g.rowMark(), got.logAbsDet),
          expected.map(({ logAbsDet }) => logAbsDet).reduce((a, b) => g.add(a, b)),
        ),
      },
    },
    { rows: 3, roundings: 64 },
  );
  for (const number of [...out.rows.difference!, ...out.rows.logAbsDet!])
    expect(Math.abs(number)).toBeLessThan(1e-13);
});

test("the parameters of a value are the convolutions of what conditions beside it", async () => {
  const [height, width, channels] = [3, 4, 2];
  const shape = [height, width, channels];
  const transformed = placesIn(shape, "even").filter((place) => place % channels === 1);
  const conditions = Array.from({ length: 24 }, (_, i) => i).filter((place) => !transformed.includes(place));
  const sizes = { inputs: conditions.length + 1, outputs: 2 * transformed.length };
  const own = convolutionConditioner({ hidden: [3] }).network({
    ...sizes,
    over: { shape, conditions, transformed },
  });
  const stream = new RandomStream(randomKey(5));
  const draw = (count: number): number[] => Array.from({ length: count }, () => Math.fround(stream.normal()));
  const parameters = { "0.weight": draw(81), "0.bias": draw(3), "1.weight": draw(54), "1.bias": draw(2) };
  const input = draw(sizes.inputs);
  const out = await agree(
    { rows: { out: own.run(g.input("input", [sizes.inputs]), bindTree(own.parameters)) } },
    { rows: 1, inputs: { input }, parameters },
  );
  /** A convolution of 3 x 3 by its definition. */
  const convolved =
    (
      x: (i: number, j: number, c: number) => number,
      [weight, bias]: readonly [number[], number[]],
      from: number,
    ) =>
    (i: number, j: number, o: number): number => {
      let total = bias[o]!;
      for (let k = -1; k <= 1; k++)
        for (let l = -1; l <= 1; l++)
          for (let c = 0; c < from; c++) {
            const isInside = i + k >= 0 && i + k < height && j + l >= 0 && j + l < width;
            if (isInside) total += weight[((o * 3 + k + 1) * 3 + l + 1) * from + c]! * x(i + k, j + l, c);
          }
      return total;
    };
  const image = (i: number, j: number, c: number): number => {
    const at = conditions.indexOf((i * width + j) * channels + c);
    return c === channels ? input[conditions.length]! : at < 0 ? 0 : input[at]!;
  };
  const first = convolved(image, [parameters["0.weight"], parameters["0.bias"]], 3);
  const hidden = (i: number, j: number, c: number): number => Math.max(0, first(i, j, c));
  const last = convolved(hidden, [parameters["1.weight"], parameters["1.bias"]], 3);
  const expected = transformed.flatMap((place) => {
    const position = Math.floor(place / channels);
    return [0, 1].map((o) => last(Math.floor(position / width), position % width, o));
  });
  expected.forEach((number, i) => {
    expect(Math.abs(out.rows.out![i]! - number)).toBeLessThan(1e-12 * Math.max(1, Math.abs(number)));
  });
});

/** Pictures of 4 x 4: a bright stripe, of one of two directions, and noise. */
function pictures(rows: number): Table {
  const stream = new RandomStream(randomKey(1));
  const values = Array.from({ length: rows }, () => {
    const [isRow, at] = [stream.uniform() < 0.5, 3 * stream.uniform()];
    return Array.from({ length: 16 }, (_, i) => {
      const distance = (isRow ? Math.floor(i / 4) : i % 4) - at;
      return Math.exp(-(distance ** 2)) + 0.1 * stream.normal();
    });
  });
  return tableFromRows(
    Array.from({ length: 16 }, (_, i) => `pixel ${i + 1}`),
    values,
  );
}

test("a flow of couplings by convolutions is fitted to pictures, saved and loaded", async () => {
  const flow = ({ context }: { readonly context: number }) => {
    const small = [2, 2, 4];
    const conditioner = convolutionConditioner({ hidden: [12] });
    const transformer = affineTransformer();
    const over = (shape: number[], which: Parameters<typeof placesIn>[1]) =>
      coupling({ features: shape, context, transformed: placesIn(shape, which), transformer, conditioner });
    return {
      kind: "custom",
      features: 16,
      context,
      transforms: 6,
      hidden: [12],
      base: standardNormal({ features: 16 }),
      bijection: chain([
        over(small, "firstChannels"),
        over(small, "lastChannels"),
        channelAffine({ features: small }),
        permutation(squeezeOrder([4, 4, 1])),
        over([4, 4, 1], "even"),
        over([4, 4, 1], "odd"),
        affine({ features: 16 }),
      ]),
    } as const;
  };
  const table = pictures(400);
  const fitted = await fit(table, { flow, seed: 1, epochs: 20 });
  const alone = await fit(table, { flow: "gaussian", seed: 1 });
  const [own, other] = [fitted, alone].map(({ report }) => report!.validationLogProb);
  expect(own! - other!).toBeGreaterThan(0.2);
  const scores = await fitted.flow.logProb(table);
  const loaded = await load(fitted.flow.toBytes());
  expect(await loaded.logProb(table)).toEqual(scores);
});
