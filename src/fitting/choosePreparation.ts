/**
 * Which preparation a table gets: the one under which a plain Gaussian does best on rows that it was not fitted to.
 *
 * @module
 */

import { bindTree } from "../bijections/bijection.ts";
import { referenceEngine } from "../engines/reference/engine.ts";
import * as g from "../graph/ops.ts";
import type { FitData } from "./fitData.ts";
import {
  chainPreparations,
  fitMarginalSpline,
  fitStandardization,
  fitWhitening,
  type Preparation,
} from "./preparation.ts";

/** Knots of the marginal splines that are tried; 0 for none. */
const candidates: readonly number[] = [0, 17];
/** Rows that candidates are compared on at most. */
const mostRows = 1000;
const folds = 3;

/** Fits standardization, and marginal splines if they help; statistics are those of all training rows. */
export async function choosePreparation({ train, columns }: FitData): Promise<Preparation> {
  const width = columns.length;
  const count = Math.min(train.rows, mostRows);
  const scores = new Array<number>(candidates.length).fill(0);
  for (let fold = 0; fold < folds; fold++) {
    const isHeld = (row: number): boolean => row % folds === fold;
    const pick = (held: boolean): Float64Array => {
      const rows = Array.from({ length: count }, (_, row) => row).filter((row) => isHeld(row) === held);
      return Float64Array.from({ length: rows.length * width }, (_, i) => train.data[rows[Math.floor(i / width)]! * width + (i % width)]!);
    };
    const [own, held] = [pick(false), pick(true)];
    for (const [i, knots] of candidates.entries()) {
      const marginal = await prepareAndMap(own, width, knots, own);
      const white = fitWhitening(marginal.value, width);
      const { logProb } = await gaussianScore(await prepareAndMap(own, width, knots, held), white, width);
      scores[i]! += logProb;
    }
  }
  const best = scores.indexOf(Math.max(...scores.filter((score) => !Number.isNaN(score))));
  return prepare(train.data, width, candidates[Math.max(0, best)]!, train.weights);
}

function prepare(rows: Float64Array, width: number, knots: number, weights?: Float64Array): Preparation {
  const standard = fitStandardization(rows, width, weights);
  if (knots === 0) return chainPreparations([standard]);
  const { mean, scale } = standard.values as { mean: Float64Array; scale: Float64Array };
  const standardized = rows.map((value, i) => (value - mean[i % width]!) / scale[i % width]!);
  // Base side first: the spline acts on standardized values.
  return chainPreparations([fitMarginalSpline(standardized, width, knots), standard]);
}

interface MappedRows {
  readonly value: Float64Array;
  readonly logAbsDet: Float64Array;
}

async function prepareAndMap(own: Float64Array, width: number, knots: number, rows: Float64Array): Promise<MappedRows> {
  return mapThrough(prepare(own, width, knots), width, rows);
}

async function mapThrough({ bijection, values }: Preparation, width: number, rows: Float64Array): Promise<MappedRows> {
  const mapped = bijection.inverse(g.input("data", [width]), bindTree(bijection.parameters));
  const executable = await referenceEngine.compile({ rows: { value: mapped.value, logAbsDet: mapped.logAbsDet } });
  await executable.setParameters(values);
  const out = await executable.run({ rows: rows.length / width, inputs: { data: rows } });
  return { value: out.rows.value!, logAbsDet: out.rows.logAbsDet! };
}

/** Mean log-density of mapped rows under the Gaussian that a whitening stands for. */
async function gaussianScore(
  { value, logAbsDet }: MappedRows,
  white: Preparation,
  width: number,
): Promise<{ readonly logProb: number }> {
  const scored = await mapThrough(white, width, value);
  const rows = logAbsDet.length;
  let total = 0;
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let i = 0; i < width; i++) square += scored.value[row * width + i]! ** 2;
    total += logAbsDet[row]! + scored.logAbsDet[row]! - 0.5 * square;
  }
  return { logProb: total / rows };
}
