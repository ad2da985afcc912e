/** The gradient flow of the log-likelihood, exact for a mixture of normals; and the small steps that follow it. */

import { useMemo, useState } from "preact/hooks";
import { normals, uniforms } from "../data/random.ts";
import { written } from "../ui/numbers.ts";
import { Drag, Figure, height, normal, pathOf, scaled, spaced, width } from "./parts.tsx";

/** Two components: share, mean and standard deviation. */
const mixture = [
  { share: 0.6, mean: -2, deviation: 0.35 },
  { share: 0.4, mean: 1.6, deviation: 0.6 },
] as const;

/** The law at a time, and its score: each component moves for itself. */
function lawAt(time: number): { density(z: number): number; score(z: number): number } {
  const parts = mixture.map(({ share, mean, deviation }) => ({
    share,
    mean: mean * Math.exp(-time),
    deviation: Math.sqrt(deviation ** 2 * Math.exp(-2 * time) + 1 - Math.exp(-2 * time)),
  }));
  const term = (z: number, part: (typeof parts)[number]): number =>
    (part.share * normal((z - part.mean) / part.deviation)) / part.deviation;
  const density = (z: number): number => parts.reduce((sum, part) => sum + term(z, part), 0);
  return {
    density,
    score: (z) =>
      parts.reduce((sum, part) => sum - (term(z, part) * (z - part.mean)) / part.deviation ** 2, 0) /
      density(z),
  };
}

const places = spaced(-8, 8, 1601);
const cell = places[1]! - places[0]!;

/** L without the constant E log rho: minus the divergence from the normal; and its rate. */
function heightAt(time: number): { readonly level: number; readonly rate: number } {
  const { density, score } = lawAt(time);
  let [level, rate] = [0, 0];
  for (const z of places) {
    const p = density(z);
    if (p < 1e-300) continue;
    level -= p * Math.log(p / normal(z)) * cell;
    rate += p * (-z - score(z)) ** 2 * cell;
  }
  return { level, rate };
}

const last = 3;

export function Infinitesimal() {
  const [time, setTime] = useState(0.3);
  const levels = useMemo(
    () => spaced(0, last, 121).map((t): readonly [number, number] => [t, heightAt(t).level]),
    [],
  );
  const { density, score } = lawAt(time);
  const { level, rate } = heightAt(time);
  const across = scaled(-4, 4, 10, 400);
  const up = scaled(0, 0.75, height - 40, 10);
  const right = scaled(0, last, 440, width - 12);
  const rise = scaled(levels[0]![1], 0, height - 40, 24);
  return (
    <Figure
      question="What is left of a composition when its maps get smaller and smaller?"
      picture={
        <>
          <path class="axis" d={`M10 ${height - 40}H400M440 ${height - 40}H${width - 10}`} />
          <path class="line base" d={pathOf(spaced(-4, 4, 120).map((z) => [across(z), up(normal(z))]))} />
          <path
            class="fill data"
            d={`${pathOf(spaced(-4, 4, 240).map((z) => [across(z), up(density(z))]))}L400 ${height - 40}L10 ${height - 40}Z`}
          />
          {spaced(-3.2, 3.2, 17).map((z) => {
            const length = 20 * Math.tanh((-z - score(z)) / 2);
            const head = Math.max(-4, Math.min(4, length));
            return (
              <path
                key={z}
                class="arrow"
                d={`M${across(z)} ${height - 24}h${length}m${-head} -3l${head} 3l${-head} 3`}
              />
            );
          })}
          <path class="line text" d={pathOf(levels.map(([t, value]) => [right(t), rise(value)]))} />
          <circle class="dot" cx={right(time)} cy={rise(level)} r="5" />
          <text x="440" y={height - 22}>
            −KL(ρₜ ‖ μ) by t
          </text>
        </>
      }
      controls={<Drag label="time t" range={[0, last]} step={0.02} value={time} onDrag={setTime} />}
      answer={
        <>
          A differential equation. Each point moves with the velocity ∇log μ − ∇log ρₜ (the arrows): steepest
          ascent of the log-likelihood L in the metric of L²(ρₜ). So dL/dt = E|∇log μ − ∇log ρₜ|² ={" "}
          <b>{written(rate)}</b>, which is never below 0; it is 0 exactly where ρₜ is normal. Here the law is
          a mixture of two normals, whose way is known exactly.
        </>
      }
    />
  );
}

const count = 300;
const stepsInAll = 160;

/** The ascent by small radial maps around random centers, from the data towards normal. */
function ascent(): readonly { readonly points: Float64Array; readonly level: number }[] {
  const uniform = uniforms(5);
  const draw = normals(uniform);
  const raw = Float64Array.from({ length: count }, (_, i) =>
    i % 5 < 3 ? -1.1 + 0.22 * draw() : 1.2 + 0.35 * draw(),
  );
  const mean = raw.reduce((a, b) => a + b) / count;
  const deviation = Math.sqrt(raw.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count);
  let points = raw.map((x) => (x - mean) / deviation);
  let logSlope = -Math.log(deviation);
  const levelOf = (z: Float64Array): number =>
    z.reduce((sum, value) => sum + Math.log(normal(value)), 0) / count;
  const states = [{ points, level: levelOf(points) + logSlope }];
  for (let step = 0; step < stepsInAll; step++) {
    // A center is drawn from the points and from the normal in turn.
    const center = step % 2 === 0 ? points[Math.floor(uniform() * count)]! : draw();
    const reach = 0.35 + 0.5 * uniform();
    const psi = (z: number): number => (z - center) * Math.exp(-(((z - center) / reach) ** 2) / 2);
    const slope = (z: number): number =>
      (1 - ((z - center) / reach) ** 2) * Math.exp(-(((z - center) / reach) ** 2) / 2);
    const gradient = points.reduce((sum, z) => sum + slope(z) - z * psi(z), 0) / count;
    const before = states[states.length - 1]!.level;
    // As far as L rises, and never so far that the map could turn over.
    for (let rate = Math.max(-0.4, Math.min(0.4, 0.8 * gradient)); Math.abs(rate) > 1e-4; rate /= 2) {
      const moved = points.map((z) => z + rate * psi(z));
      const added = points.reduce((sum, z) => sum + Math.log(1 + rate * slope(z)), 0) / count;
      const level = levelOf(moved) + logSlope + added;
      if (level < before) continue;
      points = moved;
      logSlope += added;
      break;
    }
    states.push({ points, level: levelOf(points) + logSlope });
  }
  return states;
}

export function DualFlow() {
  const [step, setStep] = useState(12);
  const states = useMemo(ascent, []);
  const { points, level } = states[step]!;
  const across = scaled(-4, 4, 10, 400);
  const up = scaled(0, 0.75, height - 40, 10);
  const bins = 40;
  const counts = new Float64Array(bins);
  for (const z of points) {
    const bin = Math.floor(((z + 4) / 8) * bins);
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  const right = scaled(0, stepsInAll, 440, width - 12);
  const rise = scaled(states[0]!.level, states[stepsInAll]!.level, height - 40, 24);
  return (
    <Figure
      question="Can small steps make points normal?"
      picture={
        <>
          <path class="axis" d={`M10 ${height - 40}H400M440 ${height - 40}H${width - 10}`} />
          {Array.from(counts, (value, bin) => {
            const share = value / count / (8 / bins);
            return (
              <rect
                key={bin}
                class="bar data"
                x={across(-4 + (8 * bin) / bins)}
                y={up(share)}
                width={390 / bins - 1}
                height={Math.max(0, height - 40 - up(share))}
              />
            );
          })}
          <path class="line base" d={pathOf(spaced(-4, 4, 120).map((z) => [across(z), up(normal(z))]))} />
          <path class="line text" d={pathOf(states.map((state, i) => [right(i), rise(state.level)]))} />
          <circle class="dot" cx={right(step)} cy={rise(level)} r="5" />
          <text x="440" y={height - 22}>
            L by step
          </text>
        </>
      }
      controls={<Drag label="steps made" range={[0, stepsInAll]} step={1} value={step} onDrag={setStep} />}
      answer={
        <>
          After {step} steps L is <b>{written(level)}</b> nats per point. Each step is near the identity, and
          goes as far as it raises L. The points go to the normal; the dual of their way, run backwards from
          the normal, is a density of the data. The maps here are radial ones around random centers, as E.
          Tabak and C. Turner took them in 2013; those of 2010 went along random directions.
        </>
      }
    />
  );
}
