/**
 * Density estimation by dual ascent of the log-likelihood.
 *
 * @module
 */

import type { Bijection } from "../bijections/bijection.ts";
import { chain } from "../bijections/chain.ts";
import { directionalMap } from "../bijections/directionalMap.ts";
import { type RadialProfile, radialMap } from "../bijections/radialMap.ts";
import { repeated } from "../bijections/repeated.ts";
import type { Table } from "../data/table.ts";
import type { ParameterValues } from "../flows/parameters.ts";
import { RandomStream, split } from "../random/philox.ts";
import { type AscentPoints, ascentPoints, logLikelihood } from "./ascentPoints.ts";
import {
  ascendDirections,
  type DirectionalScratch,
  type DirectionalStep,
  directionalScratch,
  moveAlongDirections,
  randomDirections,
} from "./directionalAscent.ts";
import type { FitResult } from "./fitOptions.ts";
import { fitWhitening } from "./preparation.ts";
import {
  ascendRadially,
  moveRadially,
  type RadialScratch,
  type RadialStep,
  radialScratch,
} from "./radialAscent.ts";
import {
  type StandardizedData,
  type StatisticalFitOptions,
  type StatisticalModel,
  statisticalFit,
} from "./statisticalFit.ts";

export type AscentMaps = "directional" | "radial" | "both";

export interface DualAscentOptions extends StatisticalFitOptions {
  readonly maps?: AscentMaps;
  readonly profile?: RadialProfile;
  readonly pointsInBall?: number;
  readonly steps?: number;
  readonly patience?: number;
  readonly whiten?: boolean;
}

interface Step {
  readonly directional?: DirectionalStep;
  readonly radial?: RadialStep;
}

class Cloud {
  readonly points: AscentPoints;
  readonly directional: DirectionalScratch;
  readonly radial: RadialScratch;
  constructor(points: AscentPoints) {
    this.points = points;
    this.directional = directionalScratch(points);
    this.radial = radialScratch(points.rows);
  }
}

export async function fitDualAscent(table: Table, options: DualAscentOptions = {}): Promise<FitResult> {
  return statisticalFit("dual-ascent", table, options, (data) => ascend(data, options));
}

function whitened(rows: Float64Array, n: number, values: ParameterValues): Float64Array {
  const { shift, lower, logDiagonal } = values as Record<string, Float64Array>;
  const out = rows.slice();
  for (let start = 0; start < rows.length; start += n)
    for (let i = 0; i < n; i++) {
      let value = rows[start + i]! - shift![i]!;
      for (let j = 0; j < i; j++) value -= lower![i * n + j]! * out[start + j]!;
      out[start + i] = value / Math.exp(logDiagonal![i]!);
    }
  return out;
}

function ascend(data: StandardizedData, options: DualAscentOptions): StatisticalModel {
  const n = data.features;
  const {
    maps = "both",
    profile = "algebraic",
    pointsInBall = 0.1 * data.train.rows,
    steps = 400,
    patience = 60,
    whiten = true,
  } = options;
  const white = whiten && n > 1 ? fitWhitening(data.train.data, n, data.train.weights) : undefined;
  const cloudOf = (rows: { data: Float64Array; weights: Float64Array | undefined }): Cloud => {
    const cloud = new Cloud(
      ascentPoints(white ? whitened(rows.data, n, white.values) : rows.data, n, rows.weights),
    );
    cloud.points.logAbsDet = white ? -white.values.logDiagonal!.reduce((a, b) => a + b, 0) : 0;
    return cloud;
  };
  const train = cloudOf(data.train);
  const held = data.validation && cloudOf(data.validation);
  const stream = new RandomStream(split(data.key, "steps"));
  const found: Step[] = [];
  let best = { at: 0, score: held ? logLikelihood(held.points) : -Infinity };
  const share = pointsInBall / data.train.rows;
  const g: any = globalThis;
  g.trace = [];
  for (let t = 1; t <= steps; t++) {
    const step: { directional?: DirectionalStep; radial?: RadialStep } = {};
    if (maps !== "directional") {
      step.radial = ascendRadially(train.points, train.radial, profile, share, stream, 1e9);
      if (held) moveRadially(held.points, held.radial, profile, step.radial);
    }
    if (maps !== "radial") {
      step.directional = ascendDirections(
        train.points,
        train.directional,
        randomDirections(n, stream),
        share,
        stream,
        1e9,
      );
      if (held) moveAlongDirections(held.points, held.directional, step.directional);
    }
    found.push(step);
    const trainL = logLikelihood(train.points);
    const score = held ? logLikelihood(held.points) : trainL;
    g.trace.push([trainL + data.logAbsDet, score + data.logAbsDet]);
    if (score > best.score) best = { at: t, score };
    else if (t - best.at >= patience) break;
  }
  const kept = found.slice(0, Math.max(1, best.at)).reverse();
  const parts: Bijection[] = [];
  const values: Record<string, Float64Array> = {};
  const stack = (name: keyof Step, prefix: string): void => {
    for (const key of Object.keys(kept[0]![name]!)) {
      const lists = kept.map((step) => (step[name] as unknown as Record<string, Float64Array>)[key]!);
      const out = new Float64Array(lists.length * lists[0]!.length);
      lists.forEach((list, i) => out.set(list, i * list.length));
      values[`${white ? "0." : ""}${prefix}${key}`] = out;
    }
  };
  if (maps !== "radial") {
    parts.push(directionalMap({ features: n }));
    stack("directional", maps === "both" ? "0." : "");
  }
  if (maps !== "directional") {
    parts.push(radialMap({ features: n, profile }));
    stack("radial", maps === "both" ? "1." : "");
  }
  const layers = repeated({ layer: parts.length > 1 ? chain(parts) : parts[0]!, count: kept.length });
  if (white) for (const [name, list] of Object.entries(white.values)) values[`1.${name}`] = list;
  return { bijection: white ? chain([layers, white.bijection]) : layers, values, steps: best.at };
}
