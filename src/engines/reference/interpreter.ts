/**
 * The value of every node, in float64, one row at a time where it is batched: slow and obviously right.
 *
 * @module
 */

import {
  type ElementwiseExpr,
  type Expr,
  type FixedPointExpr,
  type IterateExpr,
  type MapExpr,
  type ScanExpr,
  sizeOf,
  topologicalOrder,
  unreachable,
} from "../../graph/expr.ts";
import { elementwise } from "../../graph/ops/elementwise.ts";

/** Values of leaves: batched ones hold `rows * size` numbers, shared ones `size`. */
export type Values = Map<Expr, Float64Array>;

/** Numbers of an operand, and how far apart those of two rows and of two elements are. */
interface Operand {
  readonly data: Float64Array;
  readonly row: number;
  readonly element: number;
}

const none: Float64Array = new Float64Array(1);

/** Values of all outputs, in the same layout as the leaves. `values` gains every node on the way. */
export function interpret(outputs: readonly Expr[], values: Values, rows: number): Float64Array[] {
  for (const node of topologicalOrder(outputs, values))
    if (!values.has(node)) values.set(node, evaluate(node, values, rows));
  return outputs.map((output) => values.get(output)!);
}

function evaluate(node: Expr, values: Values, rows: number): Float64Array {
  const size = sizeOf(node.shape);
  const count = node.batched ? rows : 1;
  const out = new Float64Array(node.op === "map" ? 0 : count * size);
  const operands = node.inputs.map((input) => values.get(input)!);
  /** First element of operand k in a row. */
  const base = (k: number, row: number): number =>
    node.inputs[k]!.batched ? row * sizeOf(node.inputs[k]!.shape) : 0;
  /** Runs a rule for each row of the result (once if it is shared). */
  const eachRow = (rule: (row: number, at: number) => void): Float64Array => {
    for (let row = 0; row < count; row++) rule(row, row * size);
    return out;
  };
  const [a, b] = operands as [Float64Array, Float64Array];
  switch (node.op) {
    case "constant":
      return node.data;
    case "rowMark":
      return out.fill(1);
    case "elementwise":
      return evaluateElementwise(node, operands, count);
    case "reshape":
      return a;
    case "gather":
      return eachRow((row, start) => {
        for (let i = 0; i < size; i++)
          out[start + i] = node.indices[i]! < 0 ? 0 : a[base(0, row) + node.indices[i]!]!;
      });
    case "scatter":
      return eachRow((row, start) => {
        node.indices.forEach((to, i) => {
          if (to >= 0) out[start + to]! += a[base(0, row) + i]!;
        });
      });
    case "concatenate":
      return eachRow((row, start) => {
        let at = start;
        operands.forEach((data, k) => {
          const length = sizeOf(node.inputs[k]!.shape);
          out.set(data.subarray(base(k, row), base(k, row) + length), at);
          at += length;
        });
      });
    case "sum":
      return eachRow((row, start) => {
        for (let o = 0; o < node.outer; o++)
          for (let i = 0; i < node.inner; i++) {
            let total = 0;
            for (let c = 0; c < node.count; c++)
              total += a[base(0, row) + (o * node.count + c) * node.inner + i]!;
            out[start + o * node.inner + i] = total;
          }
      });
    case "linear": {
      const inputs = sizeOf(node.inputs[0]!.shape);
      const bias = operands[2];
      return eachRow((row, start) => {
        for (let o = 0; o < size; o++) {
          let total = bias?.[o] ?? 0;
          for (let i = 0; i < inputs; i++)
            total += a[base(0, row) + i]! * b[node.transposed ? i * size + o : o * inputs + i]!;
          out[start + o] = total;
        }
      });
    }
    case "sumRows":
      for (let row = 0; row < rows; row++) for (let i = 0; i < size; i++) out[i]! += a[row * size + i]!;
      return out;
    case "sumOuter": {
      const [m, n] = node.shape as [number, number];
      for (let row = 0; row < rows; row++)
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) out[i * n + j]! += a[row * m + i]! * b[row * n + j]!;
      return out;
    }
    case "matrixProduct": {
      const [m, n] = node.shape as [number, number];
      const inner = node.inputs[0]!.shape[1]!;
      for (let i = 0; i < m; i++)
        for (let j = 0; j < n; j++) {
          let total = 0;
          for (let k = 0; k < inner; k++) total += a[i * inner + k]! * b[k * n + j]!;
          out[i * n + j] = total;
        }
      return out;
    }
    case "solveTriangular": {
      // The transpose of a lower triangle is an upper one.
      const forward = node.lower !== node.transposed;
      const element = (i: number, j: number): number =>
        node.transposed ? a[j * size + i]! : a[i * size + j]!;
      return eachRow((row, start) => {
        for (let step = 0; step < size; step++) {
          const i = forward ? step : size - 1 - step;
          let total = b[base(1, row) + i]!;
          for (let k = 0; k < step; k++) {
            const j = forward ? k : size - 1 - k;
            total -= element(i, j) * out[start + j]!;
          }
          out[start + i] = total / element(i, i);
        }
      });
    }
    case "map":
      return out;
    case "project":
      return evaluateMap(node.inputs[0] as MapExpr, node.index, values, count);
    case "fixedPoint":
    case "scan":
      return repeat(node, values, rows);
    case "iterate":
      return iterate(node, values, rows);
    case "implicit":
    case "odeSolution":
      return a;
    case "input":
    case "parameter":
    case "stepInput":
    case "slot":
    case "random":
      throw new Error(`no value was given for the ${node.op} "${"name" in node ? node.name : ""}"`);
    default:
      return unreachable(node);
  }
}

/** An element-wise operation; a scalar operand stands for each element. */
function evaluateElementwise(
  node: ElementwiseExpr,
  operands: readonly Float64Array[],
  count: number,
): Float64Array {
  const { value } = elementwise[node.name];
  const size = sizeOf(node.shape);
  const out = new Float64Array(count * size);
  // Steps from row to row and from element to element: 0 where an operand repeats.
  const [a, b, c] = [0, 1, 2].map((k) => {
    const input = node.inputs[k];
    if (!input) return { data: none, row: 0, element: 0 };
    const own = sizeOf(input.shape);
    return { data: operands[k]!, row: input.batched ? own : 0, element: own === 1 ? 0 : 1 };
  }) as [Operand, Operand, Operand];
  for (let row = 0, at = 0; row < count; row++)
    for (let i = 0; i < size; i++, at++)
      out[at] = value(
        a.data[row * a.row + i * a.element]!,
        b.data[row * b.row + i * b.element]!,
        c.data[row * c.row + i * c.element]!,
      );
  return out;
}

/** One result of a map: the body's scalars as rows, one a (row, feature). */
function evaluateMap(map: MapExpr, index: number, values: Values, count: number): Float64Array {
  const { slots, results } = map.body;
  const scalars: Values = new Map();
  map.inputs.forEach((block, k) => {
    const data = values.get(block)!;
    const width = slots[k]!.length;
    slots[k]!.forEach((scalar, j) => {
      const column = new Float64Array(count * map.features);
      for (let row = 0; row < count; row++)
        for (let f = 0; f < map.features; f++)
          column[row * map.features + f] =
            data[(block.batched ? row * map.features * width : 0) + f * width + j]!;
      scalars.set(scalar, column);
    });
  });
  const wanted = results[index]!;
  const columns = interpret(wanted, scalars, count * map.features);
  const out = new Float64Array(count * map.features * wanted.length);
  columns.forEach((column, j) => {
    const shared = !wanted[j]!.batched;
    for (let i = 0; i < count * map.features; i++) out[i * wanted.length + j] = column[shared ? 0 : i]!;
  });
  return out;
}

/** One copy a row of a shared value; a batched one as it is. */
function asRows(value: Expr, data: Float64Array, rows: number): Float64Array {
  if (value.batched) return data;
  return Float64Array.from({ length: rows * data.length }, (_, i) => data[i % data.length]!);
}

/** Rounds until the first element of every row's state is not 0. */
function iterate(node: IterateExpr, values: Values, rows: number): Float64Array {
  const initial = node.inputs[0]!;
  const size = sizeOf(node.shape);
  let state = asRows(initial, values.get(initial)!, rows);
  const isFinished = (): boolean => {
    for (let row = 0; row < rows; row++) if (state[row * size] === 0) return false;
    return true;
  };
  for (let round = 0; round < node.most && !isFinished(); round++) {
    const inside: Values = new Map(node.inputs.map((outer) => [outer, values.get(outer)!]));
    inside.set(node.slot, state);
    state = asRows(node.result, interpret([node.result], inside, rows)[0]!, rows);
  }
  return state;
}

function repeat(node: FixedPointExpr | ScanExpr, values: Values, rows: number): Float64Array {
  const initial = node.inputs[0]!;
  let state = asRows(initial, values.get(initial)!, rows);
  const steps = node.op === "scan" ? node.steps : node.iterations;
  for (let step = 0; step < steps; step++) {
    const inside: Values = new Map(node.inputs.map((outer) => [outer, values.get(outer)!]));
    inside.set(node.slot, state);
    if (node.op === "scan")
      node.slices.forEach((slice, i) => {
        const at = node.reversed ? steps - 1 - step : step;
        const size = sizeOf(slice.shape);
        inside.set(slice, values.get(node.inputs[1 + i]!)!.subarray(at * size, (at + 1) * size));
      });
    state = asRows(node.result, interpret([node.result], inside, rows)[0]!, rows);
  }
  return state;
}
