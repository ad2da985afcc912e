/**
 * The value of every node, in float64, one row at a time where it has rows: slow and obviously right.
 * A graph is read once: its order, and for each node a rule that knows where its operands are. The rules then run one after
 * another, as often as asked: each as its operation is defined, none before its operands.
 *
 * @module
 */

import { scanOfGradient } from "../../graph/derivative/scanGradient.ts";
import {
  type ElementwiseExpr,
  type Expr,
  type FixedPointExpr,
  type IterateExpr,
  type MapExpr,
  type ProjectExpr,
  resultsOf,
  type ScanExpr,
  type ScanGradientExpr,
  type SumOfScanExpr,
  sizeOf,
  slotsOf,
  topologicalOrder,
} from "../../graph/expr.ts";
import { type NodeOf, type Op, ruleOf } from "../../graph/rules.ts";
import { elementwiseLoop } from "./elementwiseLoops.ts";
import {
  type Computation,
  meaningOfConcatenate,
  meaningOfConnected,
  meaningOfConstant,
  meaningOfGather,
  meaningOfLeaf,
  meaningOfLinear,
  meaningOfMatrixProduct,
  meaningOfRowMark,
  meaningOfScatter,
  meaningOfSolveTriangular,
  meaningOfSum,
  meaningOfSumConnected,
  meaningOfSumOuter,
  meaningOfSumRows,
  type Reading,
} from "./meanings.ts";

/** Values of leaves: those of rows hold `rows * size` numbers, shared ones `size`. */
export type Values = ReadonlyMap<Expr, Float64Array>;

/**
 * Computes outputs from the values of leaves, given in the order of the leaves. What it returns holds until it is called
 * again, and may be the array of a leaf.
 */
export type Interpretation = (leaves: readonly Float64Array[], rows: number) => Float64Array[];

/** What the meanings of nodes with a body are told in, besides. */
interface BodyReading extends Reading {
  /** Of scans that something goes back through, the states that the steps began with, in their order; of ways back, their sums. */
  readonly states: Map<Expr, Float64Array[]>;
  /** The results of a map that are read: where each begins, in numbers per row, by its index. */
  readonly resultsOf: (map: Expr) => ReadonlyMap<number, number>;
}

const zero: Float64Array = new Float64Array(1);

/** Values of all outputs, in the same layout as the leaves. */
export function interpret(outputs: readonly Expr[], leaves: Values, rows: number): Float64Array[] {
  return interpretation(outputs, [...leaves.keys()])([...leaves.values()], rows);
}

/** Reads a graph once, to compute its outputs often; nodes that no output depends on are left out. */
export function interpretation(
  outputs: readonly Expr[],
  leaves: readonly Expr[],
  states: BodyReading["states"] = new Map(),
): Interpretation {
  const places = new Map(leaves.map((leaf, place) => [leaf, place]));
  const order = topologicalOrder(outputs, places).filter((node) => !places.has(node));
  order.forEach((node, i) => {
    places.set(node, leaves.length + i);
  });
  const results = resultsOfMaps(order);
  /** By place. */
  const values: Float64Array[] = [];
  const rules = order.map((node) => {
    const operands = node.inputs.map((input) => places.get(input)!).map((place) => () => values[place]!);
    return computationOf(node, operands, (map) => results.get(map)!, states);
  });
  const outputPlaces = outputs.map((output) => places.get(output)!);
  return (leafValues, rows) => {
    for (let k = 0; k < leaves.length; k++) values[k] = leafValues[k]!;
    for (let i = 0; i < rules.length; i++) values[leaves.length + i] = rules[i]!(rows);
    return outputPlaces.map((place) => values[place]!);
  };
}

function resultsOfMaps(order: readonly Expr[]): Map<Expr, Map<number, number>> {
  const startsOf = new Map<Expr, Map<number, number>>();
  const lengths = new Map<Expr, number>();
  for (const node of order) {
    if (node.op !== "project") continue;
    const map = node.inputs[0]!;
    const starts = startsOf.get(map) ?? new Map<number, number>();
    const length = lengths.get(map) ?? 0;
    startsOf.set(map, starts);
    if (starts.has(node.index)) continue;
    starts.set(node.index, length);
    lengths.set(map, length + sizeOf(node.shape));
  }
  return startsOf;
}

/** Room for so many numbers, part of the same where it was as large once: what it held is not cleared. */
function room(): (length: number) => Float64Array {
  let all = new Float64Array(0);
  let part = all;
  return (length) => {
    if (all.length < length) all = part = new Float64Array(length);
    if (part.length !== length) part = all.subarray(0, length);
    return part;
  };
}

/** What nodes of each operation are. */
const meanings: { readonly [O in Op]: (node: NodeOf<O>, reading: BodyReading) => Computation } = {
  input: meaningOfLeaf,
  parameter: meaningOfLeaf,
  stepInput: meaningOfLeaf,
  slot: meaningOfLeaf,
  random: meaningOfLeaf,
  constant: meaningOfConstant,
  rowMark: meaningOfRowMark,
  elementwise: elementwiseRule,
  reshape: sameNumbers,
  implicit: sameNumbers,
  odeSolution: sameNumbers,
  gather: meaningOfGather,
  scatter: meaningOfScatter,
  concatenate: meaningOfConcatenate,
  sum: meaningOfSum,
  sumRows: meaningOfSumRows,
  linear: meaningOfLinear,
  sumOuter: meaningOfSumOuter,
  connected: meaningOfConnected,
  sumConnected: meaningOfSumConnected,
  matrixProduct: meaningOfMatrixProduct,
  solveTriangular: meaningOfSolveTriangular,
  map: mapRule,
  project: projectRule,
  fixedPoint: repeatRule,
  scan: repeatRule,
  scanGradient: scanGradientRule,
  sumOfScan: sumOfScanRule,
  iterate: iterateRule,
};

/** The numbers of the first operand. */
function sameNumbers(_: Expr, { operand }: Reading): Computation {
  return () => operand(0);
}

/** How a node is computed, from its operands and the results of maps that are read. */
function computationOf(
  node: Expr,
  operands: BodyReading["operands"],
  resultsOf: BodyReading["resultsOf"],
  states: BodyReading["states"],
): Computation {
  const size = sizeOf(node.shape);
  const sizes = node.inputs.map((input) => sizeOf(input.shape));
  const out = room();
  return ruleOf<(node: Expr, reading: BodyReading) => Computation>(meanings, node)(node, {
    operands,
    operand: (k) => operands[k]!(),
    size,
    sizes,
    strides: node.inputs.map((input, k) => (input.space === "row" ? sizes[k]! : 0)),
    out,
    eachRow: (rule) => (rows) => {
      const count = node.space === "row" ? rows : 1;
      const to = out(count * size);
      for (let row = 0; row < count; row++) rule(to, row * size, row);
      return to;
    },
    resultsOf,
    states,
  });
}

/** An element-wise operation; a scalar operand stands for each element. */
function elementwiseRule(node: ElementwiseExpr, { operands }: BodyReading): Computation {
  const isOfRows = node.space === "row";
  const size = sizeOf(node.shape);
  const [out, loop] = [room(), elementwiseLoop(node.name)];
  const read = (input: Expr, k: number): Argument => argument(input, isOfRows, size, operands[k]!);
  const [a, b = nothing, c = nothing] = node.inputs.map(read) as [Argument, Argument?, Argument?];
  return (rows) => {
    const to = out((isOfRows ? rows : 1) * size);
    loop(to, a.values(rows), a.step, b.values(rows), b.step, c.values(rows), c.step);
    return to;
  };
}

/** An operand as a loop over all elements of all rows reads it. */
interface Argument {
  readonly values: Computation;
  /** 1, or 0 where one number stands for all elements. */
  readonly step: number;
}

const nothing: Argument = { values: () => zero, step: 0 };

/** An operand of an operation that has so many elements: laid out as its result, unless it is so already or one number. */
function argument(
  { space, shape }: Expr,
  isResultOfRows: boolean,
  size: number,
  operand: () => Float64Array,
): Argument {
  const isOfRows = space === "row";
  const operandSize = sizeOf(shape);
  if (operandSize === 1 && !isOfRows) return { values: operand, step: 0 };
  if (operandSize === size && isOfRows === isResultOfRows) return { values: operand, step: 1 };
  const out = room();
  return {
    values: (rows) => {
      const data = operand();
      const to = out((isResultOfRows ? rows : 1) * size);
      const step = operandSize === 1 ? 0 : 1;
      for (let at = 0, row = 0; at < to.length; row += isOfRows ? operandSize : 0)
        for (let i = 0; i < size; i++) to[at++] = data[row + i * step]!;
      return to;
    },
    step: 1,
  };
}

/** Those results of a map that are read, one after another; in the body each (row, feature) is a row. */
function mapRule(node: MapExpr, { operand, resultsOf }: BodyReading): Computation {
  const { features } = node;
  const { slots, results } = node.body;
  const readResults = [...resultsOf(node).keys()].map((index) => results[index]!);
  const body = interpretation(readResults.flat(), slots.flat());
  const steps = readResults.flat().map(({ space }) => (space === "row" ? 1 : 0));
  const columns = slots.flat().map(() => room());
  const out = room();
  return (rows) => {
    const count = (node.space === "row" ? rows : 1) * features;
    let next = 0;
    const scalars = slots.flatMap((block, k) => {
      const data = operand(k);
      const length = node.inputs[k]!.space === "row" ? count : features;
      return block.map((_, j) => {
        const column = columns[next++]!(count);
        for (let i = 0; i < count; i++) column[i] = data[(i % length) * block.length + j]!;
        return column;
      });
    });
    const values = body(scalars, count);
    const to = out(count * values.length);
    let start = 0;
    let column = 0;
    for (const { length } of readResults) {
      for (let j = 0; j < length; j++, column++) {
        const [data, step] = [values[column]!, steps[column]!];
        for (let i = 0; i < count; i++) to[start + i * length + j] = data[i * step]!;
      }
      start += count * length;
    }
    return to;
  };
}

/** One result of a map. */
function projectRule(node: ProjectExpr, { operand, resultsOf }: BodyReading): Computation {
  const size = sizeOf(node.shape);
  const start = resultsOf(node.inputs[0]!).get(node.index)!;
  return (rows) => {
    const count = node.space === "row" ? rows : 1;
    return operand(0).subarray(start * count, (start + size) * count);
  };
}

/** Copies a value to each row of `to`: a shared one as often as there are rows. */
function copyRows(to: Float64Array, data: Float64Array, length: number): Float64Array {
  for (let i = 0; i < to.length; i++) to[i] = data[i % length]!;
  return to;
}

/** Rounds of a body on a state of rows: a rule for the first state, and one for each round. */
function rounds(
  node: FixedPointExpr | ScanExpr | IterateExpr,
  { operand, operands, states }: BodyReading,
): {
  readonly first: Computation;
  /** The next state, in the same array. `slices` are what the body reads of a scan's stacked values. */
  readonly next: (state: Float64Array, rows: number, slices?: readonly Float64Array[]) => void;
} {
  const size = sizeOf(node.shape);
  const out = room();
  const slices = node.op === "scan" ? node.slices : [];
  const body = interpretation([node.result], [...node.inputs, node.slot, ...slices], states);
  const lengthOf = (value: Expr, rows: number): number => (value.space === "row" ? rows : 1) * size;
  return {
    first: (rows) => copyRows(out(rows * size), operand(0), lengthOf(node.inputs[0]!, rows)),
    next: (state, rows, sliceValues = []) => {
      const [result] = body([...operands.map((value) => value()), state, ...sliceValues], rows);
      copyRows(state, result!, lengthOf(node.result, rows));
    },
  };
}

/** Rounds until the first element of every row's state is not 0. */
function iterateRule(node: IterateExpr, reading: BodyReading): Computation {
  const size = sizeOf(node.shape);
  const { first, next } = rounds(node, reading);
  return (rows) => {
    const state = first(rows);
    const isFinished = (): boolean => {
      for (let row = 0; row < rows; row++) if (state[row * size] === 0) return false;
      return true;
    };
    for (let round = 0; round < node.iterations && !isFinished(); round++) next(state, rows);
    return state;
  };
}

function repeatRule(node: FixedPointExpr | ScanExpr, reading: BodyReading): Computation {
  const { first, next } = rounds(node, reading);
  const count = node.op === "scan" ? node.steps : node.iterations;
  return (rows) => {
    const state = first(rows);
    const kept = reading.states.get(node);
    for (let step = 0; step < count; step++) {
      if (kept) kept[step] = state.slice();
      next(state, rows, node.op === "scan" ? slicesAt(node, node.slices, reading, 1, step) : []);
    }
    return state;
  };
}

/** What the slots of a body stand for in a step; the stacked values are the operands from `firstStacked` on. */
function slicesAt(
  { steps, reversed }: ScanExpr,
  slices: readonly Expr[],
  { operand }: Reading,
  firstStacked: number,
  step: number,
): Float64Array[] {
  const at = reversed ? steps - 1 - step : step;
  return slices.map(({ shape }, i) => {
    const size = sizeOf(shape);
    return operand(firstStacked + i).subarray(at * size, (at + 1) * size);
  });
}

function scanGradientRule(node: ScanGradientExpr, reading: BodyReading): Computation {
  const { operand, operands, states } = reading;
  const scan = scanOfGradient(node);
  states.set(scan, []);
  const size = sizeOf(node.shape);
  const out = room();
  const body = interpretation(resultsOf(node), [...node.inputs, ...slotsOf(node)], states);
  return (rows) => {
    const { steps, reversed } = scan;
    const lengthOf = (value: Expr): number => (value.space === "row" ? rows : 1) * size;
    const cotangent = copyRows(out(rows * size), operand(1), lengthOf(node.inputs[1]!));
    const totals = node.sums.map(
      (sum, i) => new Float64Array((node.apart[i] ? steps : 1) * sizeOf(sum.shape)),
    );
    const kept = states.get(scan)!;
    for (let step = steps - 1; step >= 0; step--) {
      const slices = slicesAt(scan, node.slices, reading, 2, step);
      const [next, ...sums] = body(
        [...operands.map((value) => value()), kept[step]!, cotangent, ...slices],
        rows,
      );
      sums.forEach((sum, i) => {
        const start = node.apart[i] ? (reversed ? steps - 1 - step : step) * sum.length : 0;
        for (let k = 0; k < sum.length; k++) totals[i]![start + k]! += sum[k]!;
      });
      copyRows(cotangent, next!, lengthOf(node.result));
    }
    states.set(node, totals);
    return cotangent;
  };
}

function sumOfScanRule({ inputs, index }: SumOfScanExpr, { states }: BodyReading): Computation {
  return () => states.get(inputs[0]!)![index]!;
}
