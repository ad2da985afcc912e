/**
 * Layers over positions: dense layers applied at each of some positions, and convolutions over the plane. Both are layers between positions
 * (`../ops/connected.ts`), which engines compute by the kernels of dense layers; nothing is copied into patches.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { checkedOptions, count, float64s, listOf, notNegative } from "../../options.ts";
import { type Expr, formatShape, sizeOf } from "../expr.ts";
import { mul } from "../ops/arithmetic.ts";
import { connected } from "../ops/connected.ts";
import { checkExpressions, constant } from "../ops/leaves.ts";
import { linear as linearOfVector } from "../ops/linear.ts";
import { reshape } from "../ops/moves.ts";

/**
 * Dense layer W x + bias, or W^T x + bias; x `[in]`, or `[positions, in]` for the same layer at each position; W shared `[out, in]`, or
 * `[in, out]` when transposed; bias shared `[out]`. Result `[out]`, or `[positions, out]`.
 * @throws ShapeError if the shapes do not fit, or the weights are not shared.
 */
export function linear(
  x: Expr,
  weights: Expr,
  bias?: Expr,
  options: { readonly transposed?: boolean } = {},
): Expr {
  checkExpressions("linear", x, weights);
  if (x.shape.length !== 2) return linearOfVector(x, weights, bias, options);
  const { transposed = false } = options;
  const [positions, inputs] = x.shape as [number, number];
  const outputs = weights.shape[transposed ? 1 : 0]!;
  const expected = transposed ? [inputs, outputs] : [outputs, inputs];
  checkWeights("linear", weights, expected);
  checkBias("linear", bias, outputs);
  const connections = Int32Array.from({ length: 3 * positions }, (_, i) =>
    i % 3 < 2 ? Math.floor(i / 3) : 0,
  );
  return connected(x, weights, { connections, shape: [positions, outputs], bias, transposed });
}

/** Options of {@link convolution}. */
export interface ConvolutionOptions {
  /** Steps from one position of the result to the next, by row and by column (default 1, 1). */
  readonly strides?: readonly [number, number];
  /** Rows of zeros above and below, and columns of zeros left and right (default 0, 0). */
  readonly padding?: readonly [number, number];
  /** Factors of the weights, as many as these; what they make zero at all channels is not computed. */
  readonly mask?: Float64Array;
}

/**
 * Convolution over the plane (as networks have it: the weights are not turned over).
 *
 *     out[i, j, o] = bias[o] + sum over k, l, c of weights[o, k, l, c] x[i stride + k - padding, j stride + l - padding, c]
 *
 * @param x - `[height, width, channels]`.
 * @param weights - Shared, `[outputs, rows, columns, channels]`.
 * @param bias - Shared `[outputs]`, or none.
 * @returns `[(height + 2 padding - rows) / stride + 1, ..., outputs]`, rounded down.
 * @throws ShapeError if shapes do not fit, UsageError for options that are not such numbers.
 */
export function convolution(x: Expr, weights: Expr, bias?: Expr, options: ConvolutionOptions = {}): Expr {
  checkExpressions("convolution", x, weights);
  const {
    strides = [1, 1],
    padding = [0, 0],
    mask,
  } = checkedOptions("ops.convolution", options, {
    strides: listOf(count, "two positive integers"),
    padding: listOf(notNegative, "two integers, 0 or more"),
    mask: float64s,
  });
  const [height, width, channels] = x.shape;
  const [outputs, rows, columns] = weights.shape;
  if (x.shape.length !== 3 || channels === undefined)
    throw new ShapeError({
      where: "convolution",
      subject: "x",
      expected: "[height, width, channels]",
      received: formatShape(x.shape),
    });
  checkWeights("convolution", weights, [outputs!, rows!, columns!, channels]);
  checkBias("convolution", bias, outputs!);
  const extents = [height!, width!].map(
    (extent, axis) =>
      Math.floor((extent + 2 * padding[axis]! - [rows!, columns!][axis]!) / strides[axis]!) + 1,
  ) as [number, number];
  if (!extents.every((extent) => Number.isInteger(extent) && extent > 0) || strides.length !== 2)
    throw new ShapeError({
      where: "convolution",
      subject: "the weights",
      expected: `no larger than x with its padding, ${formatShape(x.shape)} and ${formatShape(padding)}`,
      received: formatShape(weights.shape),
    });
  if (mask && mask.length !== sizeOf(weights.shape))
    throw new ShapeError({
      where: "convolution",
      subject: "the mask",
      expected: `${sizeOf(weights.shape)} numbers, one for each weight`,
      received: `${mask.length}`,
    });
  const blocks = rows! * columns!;
  const isUsed = Array.from(
    { length: blocks },
    (_, block) =>
      !mask || mask.some((factor, i) => factor !== 0 && Math.floor(i / channels) % blocks === block),
  );
  const connections: number[] = [];
  for (let to = 0; to < extents[0] * extents[1]; to++)
    for (let block = 0; block < blocks; block++) {
      const row = Math.floor(to / extents[1]) * strides[0]! + Math.floor(block / columns!) - padding[0]!;
      const column = (to % extents[1]) * strides[1]! + (block % columns!) - padding[1]!;
      if (isUsed[block] && row >= 0 && row < height! && column >= 0 && column < width!)
        connections.push(to, row * width! + column, block);
    }
  const masked = mask ? mul(weights, constant(mask, weights.shape)) : weights;
  const result = connected(
    reshape(x, [height! * width!, channels]),
    reshape(masked, [outputs!, blocks * channels]),
    { connections: Int32Array.from(connections), shape: [extents[0] * extents[1], outputs!], bias },
  );
  return reshape(result, [...extents, outputs!]);
}

function checkWeights(where: string, weights: Expr, shape: readonly number[]): void {
  if (weights.space === "row" || `${weights.shape}` !== `${shape}`)
    throw new ShapeError({
      where,
      subject: "the weights",
      expected: `shared, of the shape ${formatShape(shape.map((extent) => extent ?? 1))}`,
      received: formatShape(weights.shape),
    });
}

function checkBias(where: string, bias: Expr | undefined, outputs: number): void {
  if (bias && (bias.space === "row" || `${bias.shape}` !== `${outputs}`))
    throw new ShapeError({
      where,
      subject: "the bias",
      expected: `shared, a vector of ${outputs}, as the weights have outputs`,
      received: formatShape(bias.shape),
    });
}
