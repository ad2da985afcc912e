/**
 * The posterior of one data set from simulations, in rounds: those of a round have parameters of the prior, truncated to where the posterior of the
 * round before is.
 *
 *     round 1       theta of p(theta)
 *     round r       theta of p(theta) 1[log q(theta | x_o) >= t],   t the quantile epsilon of log q(theta | x_o) over theta of q(. | x_o)
 *     each round    q maximizes the mean of log q(theta | x) over all simulations so far
 *
 * Where the truncated prior is above 0 it is in proportion to the prior, so that the loss is that of a single round: nothing is corrected, and the posterior
 * is right but for the share epsilon that is cut off (Deistler, Goncalves & Macke 2022, "Truncated proposals for scalable and hassle-free
 * simulation-based inference", algorithm 1). Simulations of all rounds count: none of them is cut where q has its mass.
 *
 * @see https://arxiv.org/abs/2210.04815
 * @module
 */

import { DataError, ShapeError } from "../../errors.ts";
import type { Flow } from "../../models/flow.ts";
import {
  anObject,
  anything,
  signal as aSignal,
  callback,
  checkedOptions,
  count,
  integer,
  numberOf,
  type OptionTable,
  required,
  wholeNumber,
} from "../../options.ts";
import { RandomStream, randomKey, split } from "../../random/philox.ts";
import { pickRows } from "../../tables/picks.ts";
import { allColumns, checkTable, column, type Table, tableFromColumns } from "../../tables/table.ts";
import { fit } from "../fit.ts";
import type { FitOptions } from "../fitOptions.ts";
import type { FitReport } from "../fitReport.ts";

/** Options of {@link posteriorByRounds}. */
export interface PosteriorByRoundsOptions {
  /** Draws of the prior: a table of so many rows, one column for each parameter. */
  prior(rows: number, stream: RandomStream): Table;
  /** Data simulated with parameters: a table of as many rows, row i of the i-th parameters, one column for each number of the data. */
  simulate(parameters: Table, stream: RandomStream): Table | Promise<Table>;
  /** The data set whose posterior is asked for: a number for each column that `simulate` gives. */
  readonly observed: Readonly<Record<string, number>>;
  /** Rounds, from 1 to 100 (default 3). */
  readonly rounds?: number | undefined;
  /** Simulations of each round, at least 20 (default 1000). */
  readonly simulations?: number | undefined;
  /** Share of the posterior that a truncation may cut off, from 1e-5 to 0.1 (default 1e-4). */
  readonly epsilon?: number | undefined;
  /** Draws of the prior in a round at most; it ends in a DataError where so many do not suffice (default 10 million). */
  readonly mostDraws?: number | undefined;
  /** How each round is fitted, as `fit` takes it; columns, given columns and seed are those of the rounds. */
  readonly fit?: Omit<FitOptions, "columns" | "given" | "seed" | "signal"> | undefined;
  /** Same seed, same posterior (default 0). */
  readonly seed?: number | undefined;
  /** Stops the rounds, with an AbortedError. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each round. */
  readonly onRound?: ((round: SimulationRound, flow: Flow) => void) | undefined;
}

/** What a round of {@link posteriorByRounds} was. */
export interface SimulationRound {
  /** Its number, from 1. */
  readonly round: number;
  /** Simulations so far, those of this round among them. */
  readonly simulations: number;
  /** Share of the prior that this round's parameters were drawn from: 1 in the first round. */
  readonly acceptedShare: number;
  /** Log-density of the posterior before at the end of that region, in nats; minus infinity in the first round. */
  readonly logThreshold: number;
  /** Mean log q(theta | x) of held-out simulations of all rounds so far, in nats. */
  readonly validationLogProb: number;
}

/** What {@link posteriorByRounds} gives. */
export interface PosteriorByRounds {
  /** The posterior, given data. It is right at the observed data, and not everywhere, as one of a single round is. */
  readonly flow: Flow;
  /** What each round was. */
  readonly rounds: readonly SimulationRound[];
  /** All simulations: parameters, and then data. */
  readonly table: Table;
  /** That of the last fit. */
  readonly report: FitReport;
}

const where = "posteriorByRounds";
const optionTable: OptionTable<PosteriorByRoundsOptions> = {
  prior: required(callback),
  simulate: required(callback),
  observed: required(anObject),
  rounds: wholeNumber("an integer from 1 to 100", 1, 100),
  simulations: wholeNumber("an integer of at least 20", 20),
  epsilon: numberOf("a number from 1e-5 to 0.1", (value) => value >= 1e-5 && value <= 0.1),
  mostDraws: count,
  fit: anything,
  seed: integer,
  signal: aSignal,
  onRound: callback,
};

/** Draws of the posterior by which a threshold is found, for each that is cut off. */
const drawsACut = 10;
/** Draws of the prior that are scored at a time. */
const batchRows = 16_384;

/**
 * The posterior of one data set by a simulator, in rounds of truncated priors (TSNPE). Where the posterior is narrow in the prior this needs fewer
 * simulations than `fit` to those of the prior; what it finds holds for the observed data alone. Each round costs its simulations, a fit, and draws of the
 * prior until enough lie where the posterior is.
 *
 * @throws UsageError for an option out of its domain, ShapeError for tables that do not fit each other, DataError for observed data that are not those of
 *   the simulator and where too few draws of the prior are accepted; and as `fit` does.
 * @example
 * const { flow } = await posteriorByRounds({ prior, simulate, observed: { x: 0.3, y: 0.5 }, rounds: 3, simulations: 500 });
 * const posterior = await flow.sample(1000, { given: { x: 0.3, y: 0.5 }, seed: 1 });
 */
export async function posteriorByRounds(options: PosteriorByRoundsOptions): Promise<PosteriorByRounds> {
  const checked = checkedOptions(where, options, optionTable);
  const { observed, rounds: count = 3, simulations = 1000, epsilon = 1e-4, seed = 0, signal } = checked;
  const { prior, simulate, mostDraws = 10_000_000, onRound } = checked;
  const key = split(randomKey(seed), where);
  const drawn = (rows: number, stream: RandomStream): Table => tableOf("prior", prior(rows, stream), rows);
  const rounds: SimulationRound[] = [];
  let all: Record<string, Float64Array> = {};
  let found: { readonly flow: Flow; readonly report: FitReport } | undefined;
  for (let round = 1; round <= count; round++) {
    const ofRound = split(key, round);
    const stream = new RandomStream(split(ofRound, "prior"));
    const region = found && (await regionOf(found.flow, observed, epsilon, seed + round, signal));
    const { parameters, acceptedShare } = region
      ? await acceptedDraws(drawn, stream, simulations, region, mostDraws, signal)
      : { parameters: drawn(simulations, stream), acceptedShare: 1 };
    const data = tableOf(
      "simulate",
      await simulate(parameters, new RandomStream(split(ofRound, "simulate"))),
      simulations,
    );
    const names = allColumns(parameters);
    const given = allColumns(data);
    checkObserved(observed, given);
    const both = [parameters, data].flatMap((table) =>
      allColumns(table).map((name) => [name, column(table, name)] as const),
    );
    all = Object.fromEntries(
      both.map(([name, values]) => [name, Float64Array.from([...(all[name] ?? []), ...values])]),
    );
    found = await fit(tableFromColumns(all), { ...checked.fit, columns: names, given, seed, signal });
    const { validationLogProb } = found.report;
    const logThreshold = region?.logThreshold ?? Number.NEGATIVE_INFINITY;
    rounds.push({ round, simulations: round * simulations, acceptedShare, logThreshold, validationLogProb });
    onRound?.(rounds.at(-1)!, found.flow);
  }
  return { ...found!, rounds, table: tableFromColumns(all) };
}

/** Where a posterior is: its densest part, of which little is cut off. */
interface Region {
  readonly flow: Flow;
  readonly observed: Readonly<Record<string, number>>;
  readonly logThreshold: number;
}

/** The region of highest density of a posterior that holds all but a share of it. */
async function regionOf(
  flow: Flow,
  observed: Region["observed"],
  epsilon: number,
  seed: number,
  signal: AbortSignal | undefined,
): Promise<Region> {
  const count = Math.ceil(drawsACut / epsilon);
  const { logProb } = await flow.sampleWithLogProb(count, { given: observed, seed, signal });
  return { flow, observed, logThreshold: logProb.sort()[drawsACut]! };
}

/**
 * Draws of the prior that lie in a region, by rejection.
 * @throws DataError where too few do.
 */
async function acceptedDraws(
  prior: (rows: number, stream: RandomStream) => Table,
  stream: RandomStream,
  rows: number,
  { flow, observed, logThreshold }: Region,
  mostDraws: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly parameters: Table; readonly acceptedShare: number }> {
  const kept: Table[] = [];
  let accepted = 0;
  let tried = 0;
  while (accepted < rows) {
    if (tried >= mostDraws)
      throw new DataError({
        where,
        problem: `of ${tried} draws of the prior ${accepted} lie where the posterior is, and a round needs ${rows}`,
        expected: `${rows} accepted draws`,
        received: `${accepted}`,
        remedy:
          "give fewer rounds, more mostDraws, or a narrower prior; the observed data may be unlike all simulations",
      });
    const size = Math.min(batchRows, mostDraws - tried);
    const table = prior(size, stream);
    const scores = await flow.logProb(table, { given: observed, signal });
    const inside = Array.from(scores.keys()).filter((row) => scores[row]! >= logThreshold);
    tried += size;
    accepted += inside.length;
    if (inside.length > 0) kept.push(pickRows(table, inside));
  }
  const columns = allColumns(kept[0]!).map((name) => {
    const values = kept.flatMap((table) => [...column(table, name)]);
    return [name, Float64Array.from(values.slice(0, rows))] as const;
  });
  return { parameters: tableFromColumns(Object.fromEntries(columns)), acceptedShare: accepted / tried };
}

/** @throws ShapeError for a table of another number of rows. */
function tableOf(name: string, table: Table, rows: number): Table {
  checkTable(`${where}: what ${name} returns`, table);
  if (table.rows !== rows)
    throw new ShapeError({
      where,
      subject: `what ${name} returns`,
      expected: `${rows} rows`,
      received: `${table.rows}`,
    });
  return table;
}

/** @throws DataError for observed data that are not those that are simulated. */
function checkObserved(observed: Region["observed"], given: readonly string[]): void {
  const odd = [
    ...given.filter((name) => !Number.isFinite(observed[name])),
    ...Object.keys(observed).filter((name) => !given.includes(name)),
  ];
  if (odd.length === 0) return;
  throw new DataError({
    where,
    problem: `observed and what simulate returns differ in ${odd.join(", ")}`,
    expected: `a number for each of ${given.join(", ")}`,
    received: Object.keys(observed).join(", "),
    remedy: "give observed the columns that simulate gives",
  });
}
