/**
 * Layers between positions: one set of matrices, used at many places. A convolution is such a layer, and so is a dense layer that is applied
 * at each of some positions; see `../library/convolution.ts`, which says which positions are connected.
 *
 *     y[to] = bias + sum over connections (to, from, block) of W_block x[from]
 *
 * with x `[positions, inputs]` and y `[positions, outputs]`. W is one matrix `[outputs, blocks * inputs]`, its blocks side by side. The
 * gradient of x goes through the same connections backwards, with W transposed; that of W is a sum over rows and connections of outer
 * products ({@link SumConnectedExpr}). Engines do all three by the kernels of dense layers, one call for each run of connections.
 *
 * @module
 */

import { ShapeError } from "../../errors.ts";
import { type Expr, formatShape, type Node, type Shape, sameShape } from "../expr.ts";
import { type Fault, type GraphRules, opaque, type PullBack, type PushForward } from "../rules.ts";
import { mul } from "./arithmetic.ts";
import { rowMark } from "./leaves.ts";
import { broadcastTo } from "./movement.ts";
import { gather } from "./moves.ts";
import { ofEachRow, rowSumRules, sum } from "./sums.ts";

/** Threes of numbers: the position that gets, the position that gives, and the block of the weights between them; by the first. */
export type Connections = Int32Array;

/** See the head of the file; inputs x, of each row, W, and a bias `[outputs]` or none. */
export interface ConnectedExpr extends Node {
  readonly op: "connected";
  readonly connections: Connections;
  /** Whether the blocks are `[inputs, outputs]`. */
  readonly transposed: boolean;
}
/** Shared sum over the rows of y[to] x[from]^T in the block of each connection: inputs y `[positions, m]`, x `[positions, n]`. */
export interface SumConnectedExpr extends Node {
  readonly op: "sumConnected";
  readonly connections: Connections;
}

/** How a layer between positions is made. */
export interface ConnectedOptions {
  readonly connections: Connections;
  /** `[positions, outputs]`. */
  readonly shape: Shape;
  readonly bias?: Expr | undefined;
  readonly transposed?: boolean;
}

/**
 * A layer between positions.
 * @throws ShapeError if the weights have not blocks of such a size, or are not shared.
 */
export function connected(x: Expr, weights: Expr, options: ConnectedOptions): Expr {
  const { connections, shape, bias, transposed = false } = options;
  const [rows, width] = transposed ? [x.shape[1], shape[1]!] : [shape[1], x.shape[1]!];
  if (weights.space === "row" || weights.shape[0] !== rows || weights.shape[1]! % width !== 0)
    throw new ShapeError({
      where: "connected",
      subject: "the weights",
      expected: `shared, [${rows}, blocks of ${width}]`,
      received: formatShape(weights.shape),
    });
  const inputs = [ofEachRow(x), weights, ...(bias ? [bias] : [])];
  return { op: "connected", connections, transposed, shape, space: "row", inputs };
}

/** The sum of outer products at each connection, as a matrix of so many columns. */
function sumConnected(y: Expr, x: Expr, connections: Connections, columns: number): Expr {
  const [count, width] = x.shape as [number, number];
  const rows = y.shape[1]!;
  const blocks = columns / width;
  // Sums are added up by whole vectors, of four numbers at most, and blocks must not reach into each other.
  const padded = Math.ceil(width / 4) * 4;
  const wide = gather(
    x,
    Int32Array.from({ length: count * padded }, (_, i) =>
      i % padded < width ? Math.floor(i / padded) * width + (i % padded) : -1,
    ),
    [count, padded],
  );
  const shape = [rows, blocks * padded];
  // To a block without a connection nothing is added.
  const used = new Set(connections.filter((_, i) => i % 3 === 2));
  const inputs = [ofEachRow(y), ofEachRow(wide)];
  const products: Expr = { op: "sumConnected", connections, shape, space: "shared", inputs };
  return gather(
    products,
    Int32Array.from({ length: rows * columns }, (_, i) =>
      used.has(Math.floor(i / width) % blocks) ? Math.floor(i / width) * padded + (i % width) : -1,
    ),
    [rows, columns],
  );
}

/** The same connections, from the positions that got to those that gave. */
function backwards(connections: Connections): Connections {
  const threes = Array.from({ length: connections.length / 3 }, (_, i) => {
    const [to, from, block] = connections.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
    return [from, to, block];
  });
  return Int32Array.from(threes.sort(([a], [b]) => a! - b!).flat());
}

/** A call for some connections of one position: those whose inputs, and whose blocks, lie side by side. */
export interface ConnectedRun {
  readonly to: number;
  readonly from: number;
  readonly block: number;
  /** How many there are. */
  readonly count: number;
  /** Whether it is the first of its position. */
  readonly isFirst: boolean;
}

/** The runs of connections, one at least for each of the positions. */
export function runsOf(connections: Connections, positions: number, isJoined: boolean): ConnectedRun[] {
  const runs: ConnectedRun[] = [];
  let place = 0;
  for (let to = 0; to < positions; to++) {
    let isFirst = true;
    do {
      const [, from = 0, block = 0] = connections.subarray(place);
      let count = 0;
      while (
        connections[place] === to &&
        (count === 0 || isJoined) &&
        connections[place + 1] === from + count &&
        connections[place + 2] === block + count
      ) {
        count++;
        place += 3;
      }
      runs.push({ to, from, block, count, isFirst });
      isFirst = false;
    } while (connections[place] === to);
  }
  return runs;
}

// ---- connected

export const connectedRules: GraphRules<ConnectedExpr> = {
  ...opaque,
  facts: ({ connections, transposed }) => [connections, transposed],
  withInputs: (node, [x, ...others]) => ({ ...node, inputs: [ofEachRow(x!), ...others] }),
  isZero: ({ inputs: [x, , bias] }, { zero }) => zero(x) && !bias,
};

export const pullBackConnected: PullBack<ConnectedExpr> = (node, cotangent, { active, send, mixed }) => {
  const { connections, transposed } = node;
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const back = backwards(connections);
  if (active.has(x))
    send(
      x,
      mixed(cotangent, (c) =>
        connected(c, weights, { connections: back, shape: x.shape, transposed: !transposed }),
      ),
    );
  if (bias && active.has(bias))
    send(
      bias,
      mixed(cotangent, (c) => sum(c, 0)),
    );
  if (!active.has(weights)) return;
  const columns = weights.shape[1]!;
  const outer = mixed(cotangent, (c) =>
    transposed ? sumConnected(x, c, back, columns) : sumConnected(c, x, connections, columns),
  );
  send(weights, outer, true);
};

export const pushForwardConnected: PushForward<ConnectedExpr> = (node, { tangent, sum: added }) => {
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const [dx, dw] = [tangent(x), tangent(weights)];
  const change = bias && tangent(bias);
  return added(
    dx && connected(dx, weights, { ...node, bias: undefined }),
    dw && connected(x, dw, { ...node, bias: undefined }),
    change && broadcastTo(change, node.shape),
  );
};

export const faultOfConnected: Fault<ConnectedExpr> = (node, { takes, follows }) => {
  const { connections, transposed, shape } = node;
  const [x, weights, bias] = node.inputs;
  if (x?.shape.length !== 2 || shape.length !== 2 || weights?.shape.length !== 2)
    return "it has no positions";
  const [rows, width] = transposed ? [x.shape[1]!, shape[1]!] : [shape[1]!, x.shape[1]!];
  if (weights.shape[0] !== rows || weights.shape[1]! % width !== 0)
    return `its weights are ${formatShape(weights.shape)}`;
  if (bias && !sameShape(bias.shape, [shape[1]!])) return `its bias is ${formatShape(bias.shape)}`;
  const ends = [shape[0]!, x.shape[0]!, weights.shape[1]! / width];
  if (connections.some((place, i) => place < 0 || place >= ends[i % 3]!))
    return "it connects what is not there";
  if (connections.some((place, i) => i % 3 === 0 && i > 0 && place < connections[i - 3]!))
    return "its connections are not in order";
  return takes(2, 3) ?? follows;
};

// ---- sumConnected

export const sumConnectedRules: GraphRules<SumConnectedExpr> = {
  ...rowSumRules,
  facts: ({ connections }) => [connections],
};

export const pullBackSumConnected: PullBack<SumConnectedExpr> = (
  { connections, inputs: [y, x] },
  cotangent,
  { send, mixed },
) => {
  send(
    y!,
    mixed(cotangent, (c) => mul(rowMark(), connected(x!, c, { connections, shape: y!.shape }))),
  );
  send(
    x!,
    mixed(cotangent, (c) =>
      mul(
        rowMark(),
        connected(y!, c, { connections: backwards(connections), shape: x!.shape, transposed: true }),
      ),
    ),
  );
};

export const pushForwardSumConnected: PushForward<SumConnectedExpr> = (node, { tangent, sum: added }) => {
  const [y, x] = node.inputs as [Expr, Expr];
  const [dy, dx] = [tangent(y), tangent(x)];
  return added(dy && { ...node, inputs: [ofEachRow(dy), x] }, dx && { ...node, inputs: [y, ofEachRow(dx)] });
};

export const faultOfSumConnected: Fault<SumConnectedExpr> = (node, { takes }) => {
  const { connections, shape, space } = node;
  const [y, x] = node.inputs;
  if (space !== "shared") return "it is not shared";
  if (y?.shape.length !== 2 || x?.shape.length !== 2) return "it has no positions";
  const width = x.shape[1]!;
  if (shape[0] !== y.shape[1] || shape[1]! % width !== 0 || width % 4 !== 0)
    return "its shape is not that of blocks";
  const ends = [y.shape[0]!, x.shape[0]!, shape[1]! / width];
  if (connections.some((place, i) => place < 0 || place >= ends[i % 3]!))
    return "it connects what is not there";
  return takes(2);
};
