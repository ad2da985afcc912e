/**
 * The marginal map of a column of numbers: z(x) = log F(x) - log(1 - F(x)) for a distribution function F that was fitted to the
 * column alone, so that z is about logistic whatever the column looks like.
 *
 * F is a mixture of logistic distributions behind a map of the domain to the line. On a grid it is blended with the shares of the
 * values that occurred, so that a value on which many rows lie has a wide cell in z:
 *
 *     F(edge) = (1 - blend) share of the rows below the edge + blend G(t(edge))
 *
 * Everything is computed in logarithms: cells far out, or of a step much below the range, keep their digits.
 *
 * @module
 */

import {
  logAdd,
  logisticMixtureLogDensity,
  logisticMixtureLogMass,
  logisticMixtureLogs,
  logisticMixtureQuantile,
  type WeightedLogisticMixture,
  withWeights,
} from "../../../numerics/logisticMixture.ts";
import { softplus } from "../../../numerics/special.ts";
import { type DomainMap, domainDifference, domainToLine, lineToDomain, logDomainSlope } from "./domainMap.ts";

/** A fitted marginal map; plain data. */
export interface MarginalMap {
  /** To the line. */
  readonly domain: DomainMap;
  /** G, on the line. */
  readonly mixture: {
    readonly logWeights: readonly number[];
    readonly means: readonly number[];
    readonly scales: readonly number[];
  };
}

/** Values that occurred on a grid, with how often; plain data. */
export interface GridShares {
  /** Places on the grid, in order: value = from + step place. */
  readonly places: readonly number[];
  /** Rows on each, or their weights. */
  readonly counts: readonly number[];
  /** The values themselves, where some are off the grid by the last digits with which they were recorded. */
  readonly values?: readonly number[] | undefined;
  /** Weight of the smooth part, in (0, 1]: what is left for values that have not occurred. */
  readonly blend: number;
}

/** Beyond this z there is no telling apart; float32 holds it, and its square root too. */
export const farthestZ = 1e30;

const within = (z: number): number => Math.max(-farthestZ, Math.min(farthestZ, z));

/** A marginal map that is evaluated often. */
export interface WeightedMarginalMap {
  readonly domain: DomainMap;
  readonly mixture: WeightedLogisticMixture;
}

/** The same marginal map, with the weights of its mixture. */
export const withMixtureWeights = ({ domain, mixture }: MarginalMap): WeightedMarginalMap => ({
  domain,
  mixture: withWeights(mixture),
});

/** z at a value inside the domain, and log z'(x). */
export function marginalPoint(
  { domain, mixture }: WeightedMarginalMap,
  x: number,
): { readonly z: number; readonly logSlope: number } {
  const t = domainToLine(domain, x);
  const { logCdf, logSurvival } = logisticMixtureLogs(mixture, t);
  const logSlope = logisticMixtureLogDensity(mixture, t) - logCdf - logSurvival + logDomainSlope(domain, x);
  return { z: within(logCdf - logSurvival), logSlope };
}

/** The value with a z. */
export function marginalValue({ domain, mixture }: WeightedMarginalMap, z: number): number {
  return lineToDomain(domain, logisticMixtureQuantile(mixture, z));
}

/** What is left for values that have not occurred, at least. */
const leastBlend = 1e-9;

/** A cell of a grid in z. */
export interface MarginalCell {
  /** z of the lower edge. */
  readonly low: number;
  /** z of the upper edge. */
  readonly high: number;
  /** high - low, with all its digits. */
  readonly width: number;
  /** Its logarithm, which is a number where the width is too small for one. */
  readonly logWidth: number;
}

/** Cells that are kept of a grid at most. */
const mostStoredCells = 4096;

/** What a map has of a place; computed, and put there while there is room, where it has nothing. */
function stored<T>(values: Map<number, T> | undefined, place: number, compute: () => T): T {
  let value = values?.get(place);
  if (value === undefined) {
    value = compute();
    if (values && values.size < mostStoredCells) values.set(place, value);
  }
  return value;
}

/** The cells of a grid in z: those of the marginal map, or of its blend with shares. */
export class MarginalCells {
  readonly #map: MarginalMap;
  readonly #mixture: WeightedLogisticMixture;
  readonly #places: Float64Array;
  /** Share of the rows on places before the i-th, and after it. */
  readonly #before: Float64Array;
  readonly #after: Float64Array;
  readonly #share: Float64Array;
  /** Sum of the counts, and the rows that they stand for. */
  readonly #total: number;
  readonly #rows: number;
  readonly #logBlend: number;
  readonly #logRest: number;
  readonly #from: number;
  readonly #step: number;
  readonly #first: number;
  readonly #last: number;
  /** Cells of rows that count 0 and 1, which all do but those with weights. */
  readonly #storedCells = [new Map<number, MarginalCell>(), new Map<number, MarginalCell>()] as const;
  readonly #storedEdges = new Map<number, number>();

  /**
   * @param grid - Place k is the value from + step k; `first` and `last` are the places of the bounds, or infinite.
   */
  constructor(
    map: MarginalMap,
    grid: { readonly from: number; readonly step: number; readonly first: number; readonly last: number },
    shares?: GridShares,
  ) {
    this.#map = map;
    this.#mixture = withWeights(map.mixture);
    this.#from = grid.from;
    this.#step = grid.step;
    this.#first = grid.first;
    this.#last = grid.last;
    const places = shares?.places ?? [];
    const counts = shares?.counts ?? [];
    this.#places = Float64Array.from(places);
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#share = Float64Array.from(counts, (count) => count / total);
    this.#before = new Float64Array(places.length + 1);
    this.#after = new Float64Array(places.length + 1);
    for (let i = 0; i < places.length; i++) this.#before[i + 1] = this.#before[i]! + this.#share[i]!;
    for (let i = places.length; i > 0; i--) this.#after[i - 1] = this.#after[i]! + this.#share[i - 1]!;
    const blend = shares && places.length > 0 ? shares.blend : 1;
    this.#total = total;
    this.#rows = total / (1 - blend);
    this.#logBlend = Math.log(blend);
    this.#logRest = Math.log1p(-blend);
  }

  /** How many places that occurred lie below this one. */
  #indexOf(place: number): number {
    let low = 0;
    let high = this.#places.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#places[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The line's coordinate of the edge below a place. */
  #edge(place: number): number {
    if (place <= this.#first) return Number.NEGATIVE_INFINITY;
    if (place > this.#last) return Number.POSITIVE_INFINITY;
    return domainToLine(this.#map.domain, this.#from + this.#step * (place - 0.5));
  }

  /** log F and log(1 - F) at the edge below a place. */
  #logs(
    place: number,
    counted = 0,
    { below = 0, above = 0 } = {},
  ): { readonly logCdf: number; readonly logSurvival: number } {
    const t = this.#edge(place);
    const index = this.#indexOf(place);
    const { scale, logBlend, logRest } = this.#without(below + above, counted);
    const smooth = logisticMixtureLogs(this.#mixture, t);
    return {
      logCdf: logAdd(
        logRest + Math.log(Math.max(0, this.#before[index]! - (below && below / this.#total)) * scale),
        logBlend + smooth.logCdf,
      ),
      logSurvival: logAdd(
        logRest + Math.log(Math.max(0, this.#after[index]! - (above && above / this.#total)) * scale),
        logBlend + smooth.logSurvival,
      ),
    };
  }

  /** What the counts are worth where `removed` of them are gone with a row that counts `counted`. */
  #without(
    removed: number,
    counted: number,
  ): { readonly scale: number; readonly logBlend: number; readonly logRest: number } {
    if (removed === 0) return { scale: 1, logBlend: this.#logBlend, logRest: this.#logRest };
    const remaining = this.#total - removed;
    const gridShare = Math.min(remaining / (this.#rows - counted), 1 - leastBlend);
    return { scale: this.#total / remaining, logBlend: Math.log1p(-gridShare), logRest: Math.log(gridShare) };
  }

  /** z of the edge below a place; the farthest there is at a bound. */
  edgeBelow(place: number): number {
    return stored(this.#storedEdges, place, () => {
      const { logCdf, logSurvival } = this.#logs(place);
      return within(logCdf - logSurvival);
    });
  }

  /** Logarithm of the mass of a place in the smooth part. */
  logSmoothMass(place: number): number {
    const { mixture, domain } = this.#map;
    const [low, high] = [this.#edge(place), this.#edge(place + 1)];
    const isOpen = !(Number.isFinite(low) && Number.isFinite(high));
    const width = isOpen
      ? Number.POSITIVE_INFINITY
      : domainDifference(domain, this.#from + this.#step * (place - 0.5), this.#step);
    return logisticMixtureLogMass(mixture, low, high, width);
  }

  /**
   * The cell of a place within the bounds.
   * @param counted - What the shares count of the row (default 0: it is none of theirs); that is left out of them, so that the cell is that
   *   of a row which they have not seen.
   */
  cell(place: number, counted = 0): MarginalCell {
    return stored(this.#storedCells[counted], place, () => this.#cell(place, counted));
  }

  #cell(place: number, counted: number): MarginalCell {
    const index = this.#indexOf(place);
    const count = this.#places[index] === place ? this.#share[index]! * this.#total : 0;
    const countOfRow = Math.min(count, counted);
    // A row that is all that they have stays.
    const removed = countOfRow < this.#total ? countOfRow : 0;
    const below = this.#logs(place, counted, { above: removed });
    const above = this.#logs(place + 1, counted, { below: removed });
    const { scale, logBlend, logRest } = this.#without(removed, counted);
    const share = count > removed ? (count - removed) / this.#total : 0;
    const logMass = logAdd(logRest + Math.log(share * scale), logBlend + this.logSmoothMass(place));
    const size = within(softplus(logMass - below.logCdf) + softplus(logMass - above.logSurvival));
    return {
      low: within(below.logCdf - below.logSurvival),
      high: within(above.logCdf - above.logSurvival),
      width: size,
      // softplus(a) is e^a where it is small.
      logWidth: size > 1e-20 ? Math.log(size) : logAdd(logMass - below.logCdf, logMass - above.logSurvival),
    };
  }

  /**
   * The last place whose lower edge lies at or below a point, within the bounds.
   * @param isReached - Whether the edge below a place is at or below the point; where it is not, it is not for any later place.
   */
  lastPlace(isReached: (place: number) => boolean): number {
    const first = Math.max(this.#first, -Number.MAX_SAFE_INTEGER);
    const last = Math.min(this.#last, Number.MAX_SAFE_INTEGER);
    const inside = (place: number): number => Math.max(first, Math.min(last, place));
    let low = inside(this.#places[0] ?? 0);
    let high = inside(this.#places[this.#places.length - 1] ?? 0);
    for (let step = 1; low > first && !isReached(low); step *= 2) low = inside(low - step);
    for (let step = 1; high < last && isReached(high + 1); step *= 2) high = inside(high + step);
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2);
      if (isReached(middle)) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
