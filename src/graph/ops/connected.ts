/**
 * Layers between positions: one set of matrices, used at many places. A convolution is such a layer, and so is a dense layer that is applied
 * at each of some positions; see `../library/convolution.ts`, which says which positions are connected.
 *
 *     y[to] = bias + sum over connections (to, from, block) of W_block x[from]
 *
 * with x `[positions, inputs]` and y `[positions, outputs]`. W is one matrix `[outputs, blocks * inputs]`, its blocks side by side. The
 * gradient of x goes through the same connections backwards, with W transposed; that of W is a sum over rows and connections of outer
 * products ({@link SumConnectedExpr}). Engines do all three by the kernels of dense layers, which go through runs of connections.
 *
 * @module
 */

import { type Expr, formatShape, type Node, type Shape, sameShape } from "../expr.ts";
import { type Fault, type GraphRules, opaque, type PullBack } from "../rules.ts";
import { mul } from "./arithmetic.ts";
import { constant, rowMark } from "./leaves.ts";
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

/** A layer between positions; who calls it has seen to it that the weights are shared, and have blocks of such a size. */
export function connected(x: Expr, weights: Expr, options: ConnectedOptions): Expr {
  const { connections, shape, bias, transposed = false } = options;
  const inputs = [ofEachRow(x), weights, ...(bias ? [bias] : [])];
  return { op: "connected", connections, transposed, shape, space: "row", inputs };
}

/** A matrix of some of the columns of a matrix, or of zeros for -1. */
function columnsOf(matrix: Expr, sources: readonly number[]): Expr {
  const [rows, width] = matrix.shape as [number, number];
  const { length } = sources;
  if (length === width && sources.every((source, i) => source === i)) return matrix;
  const places = Array.from({ length: rows }, (_, row) =>
    sources.map((source) => (source < 0 ? -1 : row * width + source)),
  );
  return gather(matrix, places.flat(), [rows, length]);
}

/** The sum of outer products at each connection, as a matrix of so many columns. */
function sumConnected(y: Expr, x: Expr, connections: Connections, columns: number): Expr {
  const width = x.shape[1]!;
  const rows = y.shape[1]!;
  // To a block without a connection nothing would be added: it has no place in the sum.
  const used = [...new Set(connections.filter((_, i) => i % 3 === 2))].sort((a, b) => a - b);
  if (used.length === 0) return broadcastTo(constant(0), [rows, columns]);
  // Sums are added up by whole vectors, of four numbers at most, and blocks must not reach into each other.
  const padded = Math.ceil(width / 4) * 4;
  const wide = columnsOf(
    x,
    Array.from({ length: padded }, (_, i) => (i < width ? i : -1)),
  );
  const products: Expr = {
    op: "sumConnected",
    connections: connections.map((place, i) => (i % 3 === 2 ? used.indexOf(place) : place)),
    shape: [rows, used.length * padded],
    space: "shared",
    inputs: [ofEachRow(y), ofEachRow(wide)],
  };
  return columnsOf(
    products,
    Array.from({ length: columns }, (_, i) => {
      const place = used.indexOf(Math.floor(i / width));
      return place < 0 ? -1 : place * padded + (i % width);
    }),
  );
}

/** The same connections, from the positions that got to those that gave. */
function backwards(connections: Connections): Connections {
  const threes = Array.from({ length: connections.length / 3 }, (_, i) => [
    connections[3 * i + 1]!,
    connections[3 * i]!,
    connections[3 * i + 2]!,
  ]);
  return Int32Array.from(threes.sort(([a], [b]) => a! - b!).flat());
}

/** Connections of one position whose inputs, and whose blocks, lie side by side. */
export interface ConnectedRun {
  readonly to: number;
  /** The first position that gives, and the first block. */
  readonly from: number;
  readonly block: number;
  /** How many there are. */
  readonly count: number;
}

/** The runs of connections, one at least for each of the positions; where they are not to be joined, each connection is one. */
export function runsOf(connections: Connections, positions: number, isJoined: boolean): ConnectedRun[] {
  const runs: ConnectedRun[] = [];
  let place = 0;
  for (let to = 0; to < positions; to++)
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
      runs.push({ to, from, block, count });
    } while (connections[place] === to);
  return runs;
}

// ---- connected

export const connectedRules: GraphRules<ConnectedExpr> = {
  ...opaque,
  facts: ({ connections, transposed }) => [connections, transposed],
  withInputs: (node, [x, ...others]) => ({ ...node, inputs: [ofEachRow(x!), ...others] }),
  isZero: ({ inputs: [x, , bias] }, { zero }) => zero(x) && !bias,
};

export const pullBackConnected: PullBack<ConnectedExpr> = (
  node,
  cotangent,
  { active, send, mixed, multiplied },
) => {
  const { connections, transposed } = node;
  const [x, weights, bias] = node.inputs as [Expr, Expr, Expr | undefined];
  const back = backwards(connections);
  if (active.has(x))
    send(
      x,
      multiplied(cotangent, (c) =>
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
  const outer = multiplied(cotangent, (c) =>
    transposed ? sumConnected(x, c, back, columns) : sumConnected(c, x, connections, columns),
  );
  send(weights, outer, true);
};

function faultOfPlaces(connections: Connections, ...ends: readonly number[]): string | undefined {
  return connections.some((place, i) => place < 0 || place >= ends[i % 3]!)
    ? "it connects what is not there"
    : undefined;
}

export const faultOfConnected: Fault<ConnectedExpr> = (node, { takes, follows }) => {
  const { connections, transposed, shape } = node;
  const [x, weights, bias] = node.inputs;
  if (x?.shape.length !== 2 || shape.length !== 2 || weights?.shape.length !== 2)
    return "it has no positions";
  const [rows, width] = transposed ? [x.shape[1]!, shape[1]!] : [shape[1]!, x.shape[1]!];
  if (weights.shape[0] !== rows || weights.shape[1]! % width !== 0)
    return `its weights are ${formatShape(weights.shape)}`;
  if (bias && !sameShape(bias.shape, [shape[1]!])) return `its bias is ${formatShape(bias.shape)}`;
  const misplaced = faultOfPlaces(connections, shape[0]!, x.shape[0]!, weights.shape[1]! / width);
  if (misplaced) return misplaced;
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
  { send, multiplied },
) => {
  send(
    y!,
    multiplied(cotangent, (c) => mul(rowMark(), connected(x!, c, { connections, shape: y!.shape }))),
  );
  send(
    x!,
    multiplied(cotangent, (c) =>
      mul(
        rowMark(),
        connected(y!, c, { connections: backwards(connections), shape: x!.shape, transposed: true }),
      ),
    ),
  );
};

export const faultOfSumConnected: Fault<SumConnectedExpr> = (node, { takes }) => {
  const { connections, shape, space } = node;
  const [y, x] = node.inputs;
  if (space !== "shared") return "it is not shared";
  if (y?.shape.length !== 2 || x?.shape.length !== 2) return "it has no positions";
  const width = x.shape[1]!;
  if (shape[0] !== y.shape[1] || shape[1]! % width !== 0 || width % 4 !== 0)
    return "its shape is not that of blocks";
  return faultOfPlaces(connections, y.shape[0]!, x.shape[0]!, shape[1]! / width) ?? takes(2);
};
