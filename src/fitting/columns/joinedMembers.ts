/**
 * One model of members that were trained apart. Their weights, column by column, are those under which held-out rows are most probable,
 * by expectation and maximization, drawn towards equal ones by some rows that do not tell the members apart.
 *
 * @module
 */

import type { Engine } from "../../engines/engine.ts";
import { setKnownParameters } from "../../engines/setKnownParameters.ts";
import * as g from "../../graph/ops.ts";
import { bindTree } from "../../graph/parameters.ts";
import type { Program } from "../../graph/program.ts";
import { type ColumnsDensity, columnsDensity, memberPrefix } from "../../models/columns/columnsDensity.ts";
import type { ParameterValues } from "../../models/parameters.ts";
import { each, inOnePiece, inPieces, type Pieces } from "../../platform/pieces.ts";
import type { Rows } from "../gradient/minimize.ts";
import { structureOfDensity } from "./structureOfDensity.ts";

/** Rows that speak for equal weights. */
const equalRows = 4;
const rounds = 60;
/** Nats per row that the mean of the members must gain over the best of them: less is noise. */
const leastGain = 0.005;

/** A model of members. */
export interface JoinedMembers {
  readonly density: ColumnsDensity;
  readonly values: ParameterValues;
  /** The member that is best alone. */
  readonly best: number;
}

/**
 * Joins members; the best one alone where the others add nothing to it.
 * @param density - Of one member.
 * @param members - Values of the parameters of each, at least one.
 * @param held - Encoded rows that no member was trained on, with a column `weight` where they have weights; without them members have
 *   equal weights.
 */
export async function joinedMembers(
  density: ColumnsDensity,
  members: readonly ParameterValues[],
  held: Rows | undefined,
  engine: Engine,
): Promise<JoinedMembers> {
  if (members.length === 1) return { density, values: members[0]!, best: 0 };
  const columns = density.columns.length;
  const weighed = held
    ? await inPieces(
        weighMembersInPieces(
          await contributionsOf(density, members, held, engine),
          columns,
          held.inputs.weight === undefined
            ? new Float64Array(held.rows).fill(1)
            : Float64Array.from(held.inputs.weight),
        ),
        undefined,
      )
    : {
        weights: Array.from({ length: columns }, () => members.map(() => 1 / members.length)),
        best: 0,
      };
  const { weights, best } = weighed;
  if (!weights) return { density, values: members[best]!, best };
  const inTableOrder: number[][] = [];
  density.columns.forEach(({ cell }, j) => {
    inTableOrder[cell - density.given.length] = [...weights[j]!];
  });
  return {
    density: columnsDensity({ ...density.options, members: inTableOrder }),
    values: Object.fromEntries(
      members.flatMap((own, k) =>
        Object.entries(own).map(([name, value]) => [memberPrefix(k) + name, value]),
      ),
    ),
    best,
  };
}

/** Contributions of the cells of rows under each member: rows times columns, in the order of the model. */
async function contributionsOf(
  density: ColumnsDensity,
  members: readonly ParameterValues[],
  { rows, inputs }: Rows,
  engine: Engine,
): Promise<readonly Float64Array[]> {
  const program = (): Partial<Program> => {
    const { outcomes, values } = density.contributions(
      g.input("encoded", [density.width]),
      bindTree(density.parameters),
    );
    return { rows: { cells: g.add(outcomes, values) } };
  };
  const executable = await engine.compile(program, { structure: `cells ${structureOfDensity(density)}` });
  try {
    const out: Float64Array[] = [];
    for (const own of members) {
      await setKnownParameters(executable, own);
      const { cells } = (await executable.run({ rows, inputs: { encoded: inputs.encoded! } })).rows;
      out.push(Float64Array.from(cells!));
    }
    return out;
  } finally {
    executable.dispose();
  }
}

/**
 * Weighs at least two members.
 * @param members - Contributions of the held-out rows' cells under each.
 * @param counts - What each row counts.
 * @returns For each column the weights; undefined where the best member alone does as well.
 */
export function weighMembers(
  members: readonly Float64Array[],
  columns: number,
  counts: Float64Array,
): WeighedMembers {
  return inOnePiece(weighMembersInPieces(members, columns, counts));
}

interface WeighedMembers {
  readonly weights: readonly (readonly number[])[] | undefined;
  readonly best: number;
}

/** {@link weighMembers}, with pauses: of 40,000 rows of 4 columns it takes some tenths of a second. */
function* weighMembersInPieces(
  members: readonly Float64Array[],
  columns: number,
  counts: Float64Array,
): Pieces<WeighedMembers> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const alone = members.map((own) =>
    own.reduce((sum, value, i) => sum + counts[Math.floor(i / columns)]! * value, 0),
  );
  const best = alone.indexOf(Math.max(...alone));
  let together = 0;
  const weights: (readonly number[])[] = [];
  for (let column = 0; column < columns; column++) {
    const weighed = yield* weighColumn(
      members.map((own) => counts.map((_, row) => own[row * columns + column]!)),
      counts,
    );
    together += weighed.logLikelihood;
    weights.push(weighed.weights);
  }
  return { weights: together - alone[best]! < leastGain * total ? undefined : weights, best };
}

/** @param members - Log-densities of the rows' cells under each. */
function* weighColumn(
  members: readonly Float64Array[],
  counts: Float64Array,
): Pieces<{ readonly weights: number[]; readonly logLikelihood: number }> {
  const top = counts.map((_, row) => Math.max(...members.map((own) => own[row]!)));
  yield;
  // Of each member, as shares of the largest; then a round needs no exponential.
  const shares = members.map((own) => own.map((value, row) => Math.exp(value - top[row]!)));
  yield;
  const parts = new Float64Array(members.length);
  let weights = members.map(() => 1 / members.length);
  let logLikelihood = 0;
  for (let round = 0; round < rounds; round++) {
    const sums = members.map(() => equalRows / members.length);
    logLikelihood = 0;
    yield* each(counts.length, (row) => {
      let whole = 0;
      for (let k = 0; k < parts.length; k++) {
        parts[k] = weights[k]! * shares[k]![row]!;
        whole += parts[k]!;
      }
      logLikelihood += counts[row]! * (top[row]! + Math.log(whole));
      for (let k = 0; k < parts.length; k++) sums[k]! += (counts[row]! * parts[k]!) / whole;
    });
    const total = sums.reduce((sum, own) => sum + own, 0);
    weights = sums.map((own) => own / total);
  }
  return { weights, logLikelihood };
}
