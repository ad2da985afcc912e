/**
 * An exact density of rows of mixed columns: column by column in an order,
 *
 *     log p(row) = sum_j  log P(outcome of cell j given the cells before)
 *                       + log p(value of cell j given the cells before), where it is neither missing nor an atom
 *
 * with respect to the product of the columns' reference measures: counting for levels, grids, atoms and missing cells, Lebesgue for the
 * values of continuous columns. One network gives the parameters of all heads; see `trunk.ts` and `columnHead.ts`.
 *
 * A row is encoded in float64 before an engine sees it: what later columns read of each cell, then what its own head reads.
 *
 * @module
 */

import { UsageError } from "../../errors.ts";
import type { Expr } from "../../graph/expr.ts";
import * as g from "../../graph/ops.ts";
import { type Bound, leafOf, type ParameterTree, subtreeOf, trained } from "../../graph/parameters.ts";
import { describeValue } from "../../options.ts";
import type { ParameterValues } from "../parameters.ts";
import { atomsOf, checkColumn, type DensityColumn, hasLevels } from "./column.ts";
import type { ColumnHead, ColumnHeadJson } from "./heads/columnHead.ts";
import { headFromJson } from "./heads/headFromJson.ts";
import { meanContributions } from "./members.ts";
import { mostMembers } from "./mostMembers.ts";
import { outcomeTerms, valueMarks, valueTerms } from "./terms.ts";
import { type LeaveOut, type Tie, trunk } from "./trunk.ts";

/** A column with its head. */
export interface ModeledColumn {
  /** What it is. */
  readonly column: DensityColumn;
  /** The distribution of its values. */
  readonly head: ColumnHeadJson;
  /** Shares of its outcomes, all above 0: missing (where it is one), each atom, any other value. */
  readonly outcomes: readonly number[];
}

/** Options of {@link columnsDensity}: plain data, what a model file holds. */
export interface ColumnsDensityOptions {
  /** Columns with a density, in the table's order. */
  readonly columns: readonly ModeledColumn[];
  /** Columns that it is given, in order; it has no say about them. */
  readonly given: readonly ModeledColumn[];
  /** The order of the columns: each place of `columns` once. */
  readonly order: readonly number[];
  /** Sizes of the hidden layers of the network. */
  readonly hidden: readonly number[];
  /** Columns that are nearly known from one before them: places among the given ones and the others. None in models of before. */
  readonly ties?: readonly { readonly from: number; readonly to: number }[] | undefined;
  /**
   * Whether the network takes any set of columns as known: of each column there is a second copy among what all columns see, for cells
   * that are known ahead of their place in the order, and each column says whether later ones can see it.
   */
  readonly anyOrder?: boolean | undefined;
  /**
   * For each of the columns the weights of the members, at most 16, above 0, which add up to 1: networks of these sizes whose
   * distributions are averaged (default: one network); see `members.ts`.
   */
  readonly members?: readonly (readonly number[])[] | undefined;
}

/** Where a column's numbers are. */
export interface ColumnLayout {
  readonly column: DensityColumn;
  readonly head: ColumnHead;
  /** Its place among the table's cells: given columns first, then the others in the table's order. */
  readonly cell: number;
  /** Number of outcomes: missing, atoms, any other value. */
  readonly outcomes: number;
  /**
   * First of its features in an encoded row: the outcomes but the last, then the head's. In a model of any order one more: 1 where later
   * columns cannot see the cell.
   */
  readonly features: number;
  /** In a model of any order: first of the same features for columns before it; the one more is 1 where they can see the cell. */
  readonly earlyFeatures?: number | undefined;
  /** First of its targets: which outcome it is, then the head's. Not for a given column. */
  readonly targets: number;
  /** First of its numbers among the network's outputs: the outcomes' logits, then the head's. */
  readonly outputs: number;
  /** First of its numbers among those that all rows share. */
  readonly shared: number;
  /** Weights of the members, where there are several. */
  readonly members?: readonly number[] | undefined;
}

/** The contributions of columns to the log-densities of a row, each `[columns]`, in the order of the model. */
export interface Contributions {
  /** Of which outcome it is; 0 where there is one alone. */
  readonly outcomes: Expr;
  /** Of the value, less what {@link ColumnHead.encode} adds; 0 where the outcome is an atom or a missing cell. */
  readonly values: Expr;
}

/** What is left out at random, anew in each step and row; see `randomUniform`. */
export interface Dropout {
  /** Hides features from the network. */
  readonly hide?: ((features: Expr) => Expr) | undefined;
  /** Leaves units of the network out. */
  readonly units?: LeaveOut | undefined;
}

/** See the head of this file. */
export interface ColumnsDensity {
  /** What it was made of. */
  readonly options: ColumnsDensityOptions;
  /** The given columns. */
  readonly given: readonly ColumnLayout[];
  /** The columns in the order of the model. */
  readonly columns: readonly ColumnLayout[];
  /** Numbers of an encoded row: features, then targets. */
  readonly width: number;
  /** Of them, features. */
  readonly features: number;
  /** What the network needs, by name. */
  readonly parameters: ParameterTree;
  /** Parameters that make it the product of the columns' own distributions, where all others of the last layer are 0. */
  readonly start: ParameterValues;
  /** Contributions of an encoded row; with a dropout those of a random part of the network, for training. */
  contributions(encoded: Expr, parameters: Bound, dropout?: Dropout): Contributions;
  /**
   * What each member of the network gives for one column, side by side.
   * @param columnMark - Shared, `[1, columns]`: 1 in the place of the column.
   */
  numbers(features: Expr, parameters: Bound, columnMark: Expr): Expr;
  /** The same of a row among what was computed for many: an array per member. */
  numbersOf(numbers: Float64Array, row: number): readonly Float64Array[];
  /** What all rows share, by member. */
  sharedOf(values: ParameterValues): readonly (Float64Array | undefined)[];
}

/** What the names of the parameters of a member begin with: those of the first are those of a network alone. */
export function memberPrefix(member: number): string {
  return member === 0 ? "" : `member${member + 1}.`;
}

function unfit(problem: string, expected: string, received: unknown): never {
  throw new UsageError({
    where: "columnsDensity",
    problem,
    expected,
    received: describeValue(received),
  });
}

/**
 * A density of some columns. Cost of a row: one pass through the network, and the heads.
 * @throws UsageError for a column that contradicts itself, and an order that is none.
 */
export function columnsDensity(options: ColumnsDensityOptions): ColumnsDensity {
  const { columns, given, order, hidden, anyOrder = false, members } = options;
  for (const { column } of [...given, ...columns]) checkColumn(column);
  for (const { column, outcomes } of [...given, ...columns]) {
    const expected = (column.missing ? 1 : 0) + atomsOf(column).length + 1;
    if (outcomes?.length !== expected || !outcomes.every((share) => share > 0 && share <= 1))
      unfit(
        `column ${JSON.stringify(column.name)} needs the shares of its ${expected} outcomes, all above 0`,
        `${expected} numbers above 0`,
        outcomes,
      );
  }
  if (columns.length === 0) unfit("there are no columns", "at least one column", columns);
  if ([...order].sort((a, b) => a - b).some((place, i) => place !== i) || order.length !== columns.length)
    unfit(
      `the order [${order}] is not one of ${columns.length} columns`,
      `an order of ${columns.length} columns`,
      order,
    );
  const count = members?.[0]?.length ?? 1;
  if (members) checkMembers(members, columns.length);
  let features = 0;
  let outputs = 0;
  let shared = 0;
  const layout = (modeled: ModeledColumn, cell: number, isGiven: boolean): Omit<ColumnLayout, "targets"> => {
    const head = headFromJson(modeled.column, modeled.head);
    const outcomes = modeled.outcomes.length;
    const columnLayout = { column: modeled.column, head, cell, outcomes, features, outputs, shared };
    features += outcomes - 1 + head.features;
    if (isGiven) return columnLayout;
    if (anyOrder) features++;
    outputs += outputsOf(columnLayout);
    shared += head.shared;
    return columnLayout;
  };
  const givenLayouts = given.map((modeled, i) => ({ ...layout(modeled, i, true), targets: -1 }));
  const givenFeatures = features;
  const untargeted = order.map((place) => layout(columns[place]!, given.length + place, false));
  /** Numbers of the second copy, which stands before the first. */
  const copiedFeatures = anyOrder ? features - givenFeatures : 0;
  const featureCount = (columnLayout: Pick<ColumnLayout, "outcomes" | "head">): number =>
    columnLayout.outcomes - 1 + columnLayout.head.features + Number(anyOrder);
  features += copiedFeatures;
  let width = features;
  const layouts = untargeted.map((columnLayout): ColumnLayout => {
    const targets = width;
    width += columnLayout.outcomes + columnLayout.head.targets;
    const mean = members ? { members: members[columnLayout.cell - given.length]! } : {};
    return anyOrder
      ? {
          ...columnLayout,
          targets,
          ...mean,
          earlyFeatures: columnLayout.features,
          features: columnLayout.features + copiedFeatures,
        }
      : { ...columnLayout, targets, ...mean };
  });
  const tieSizes = (options.ties ?? []).map(({ from, to }): Tie => {
    const source = [...givenLayouts, ...layouts].find(({ cell }) => cell === from);
    const target = layouts.find(({ cell }) => cell === to);
    const indicators = source?.head.indicators;
    if (!source || !target || !indicators || !hasLevels(target.column))
      unfit(
        `columns ${from} and ${to} cannot be tied`,
        "a column of levels, tied to one that comes before it",
        [from, to],
      );
    if (source.outputs >= target.outputs && source.targets >= 0)
      unfit(
        `column ${from} does not come before column ${to}, which is tied to it`,
        "a column that comes before the one that is tied to it",
        from,
      );
    return {
      firstInput: source.features + source.outcomes - 1 + indicators[0],
      inputs: indicators[1],
      firstOutput: target.outputs + (target.outcomes > 1 ? target.outcomes : 0),
      outputs: target.head.parameters - target.head.shared,
    };
  });
  const sizes = {
    ties: tieSizes,
    inputs: [
      ...new Array<number>(givenFeatures + copiedFeatures).fill(0),
      ...layouts.flatMap((columnLayout, i) => new Array<number>(featureCount(columnLayout)).fill(i + 1)),
    ],
    outputs: layouts.flatMap((columnLayout, i) => new Array<number>(outputsOf(columnLayout)).fill(i)),
    columns: layouts.length,
    hidden,
  };
  const network = trunk(sizes);
  const bias = layouts.flatMap(({ outcomes, head }, i) => [
    ...(outcomes > 1 ? columns[order[i]!]!.outcomes.map(Math.log) : []),
    ...head.start.subarray(0, head.parameters - head.shared),
  ]);
  const sharedStart = layouts.flatMap(({ head }) => [...head.start.subarray(head.parameters - head.shared)]);
  const memberParameters = { ...network.parameters, ...(shared > 0 ? { shared: trained([shared]) } : {}) };
  const otherMembers = Array.from({ length: count - 1 }, (_, k) => `member${k + 2}`);
  const boundsByMember = (bound: Bound): Bound[] => [
    bound,
    ...otherMembers.map((name) => subtreeOf(bound, name)),
  ];
  return {
    options,
    given: givenLayouts,
    columns: layouts,
    width,
    features,
    parameters: {
      ...memberParameters,
      ...Object.fromEntries(otherMembers.map((name) => [name, memberParameters])),
    },
    start: Object.fromEntries(
      Array.from({ length: count }, (_, k) => [
        [`${memberPrefix(k)}bias`, Float64Array.from(bias)] as const,
        ...(shared > 0 ? [[`${memberPrefix(k)}shared`, Float64Array.from(sharedStart)] as const] : []),
      ]).flat(),
    ),
    contributions(encoded, bound, dropout) {
      const inputs = g.slice(encoded, 0, features);
      const [firstMember, ...otherContributions] = boundsByMember(bound).map((memberBound): Contributions => {
        const given = network.run(dropout?.hide ? dropout.hide(inputs) : inputs, memberBound, dropout?.units);
        // What all rows share stands behind what the network gives.
        const numbers = shared > 0 ? g.concatenate([given, leafOf(memberBound, "shared")]) : given;
        return {
          outcomes: outcomeTerms(encoded, numbers, layouts),
          values: valueTerms(encoded, numbers, layouts, outputs),
        };
      });
      if (otherContributions.length === 0) return firstMember!;
      const isObserved = layouts.map(({ outcomes, targets, column }) =>
        outcomes === 1
          ? g.constant(0)
          : column.masked
            ? g.sum(g.slice(encoded, targets, targets + outcomes))
            : g.constant(1),
      );
      const weights = layouts.map((columnLayout) => columnLayout.members!);
      return meanContributions(
        [firstMember!, ...otherContributions],
        weights,
        g.concatenate(isObserved),
        valueMarks(encoded, layouts),
      );
    },
    numbers: (inputs, bound, columnMark) =>
      g.concatenate(
        boundsByMember(bound).map((memberBound) => network.runOne(inputs, memberBound, columnMark)),
      ),
    numbersOf: (numbers, row) =>
      Array.from({ length: count }, (_, k) =>
        numbers.subarray(
          (row * count + k) * network.mostOutputs,
          (row * count + k + 1) * network.mostOutputs,
        ),
      ),
    sharedOf: (values) => Array.from({ length: count }, (_, k) => values[`${memberPrefix(k)}shared`]),
  };
}

function checkMembers(members: readonly (readonly number[])[], columns: number): void {
  const count = members[0]?.length ?? 0;
  const areWeights = (columnWeights: readonly number[]): boolean =>
    columnWeights.length === count &&
    columnWeights.every((weight) => weight > 0) &&
    Math.abs(columnWeights.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-9;
  if (members.length !== columns || count < 1 || count > mostMembers || !members.every(areWeights))
    unfit(
      `the weights of members are not, for each of ${columns} columns, 1 to ${mostMembers} numbers above 0 that add up to 1`,
      `for each of ${columns} columns, 1 to ${mostMembers} numbers above 0 that add up to 1`,
      members,
    );
}

/** Numbers that the network gives for a column: logits of the outcomes, where there are several, and those of the head by the row. */
function outputsOf({ outcomes, head }: Pick<ColumnLayout, "outcomes" | "head">): number {
  return (outcomes > 1 ? outcomes : 0) + head.parameters - head.shared;
}
