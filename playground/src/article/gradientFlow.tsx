/** The gradient flow of the log-likelihood, exact for a mixture of normals; and the small steps that follow it. */

import { useMemo, useState } from "preact/hooks";
import { normals, uniforms } from "../data/random.ts";
import { written } from "../ui/numbers.ts";
import { Drag, Figure, height, Label, normal, pathOf, scaled, spaced, width } from "./parts.tsx";

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
            if (Math.abs(length) < 3) return null;
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
          <Label x={10} y={22} tone="base">
            line: bell curve
          </Label>
          <Label x={400} y={22} tone="data" end>
            filled: the points at t
          </Label>
          <Label x={440} y={height - 18}>
            L, by t
          </Label>
        </>
      }
      controls={<Drag label="time t" range={[0, last]} step={0.02} value={time} onDrag={setTime} />}
      answer={
        <>
          A differential equation. Each point moves towards where the bell curve is higher, and away from
          where points crowd (the arrows). In symbols, with μ the density of the bell curve, ρₜ that of the
          points at time t and ∇ for the gradient: its velocity is ∇log μ − ∇log ρₜ, the steepest ascent of L
          in the metric of L²(ρₜ). L is −KL(ρₜ ‖ μ), minus the divergence, but for a constant, and dL/dt =
          E|∇log μ − ∇log ρₜ|² = <b>{written(rate)}</b>: never below 0, and 0 only when ρₜ = μ. Here the data
          are a mixture of two normals, of which ρₜ is known exactly.
        </>
      }
    />
  );
}

const count = 300;
const stepsInAll = 160;

/** A map z + rate (z − center) / (reach + |z − center|); it increases as long as the rate is above −reach. */
interface RadialMap {
  readonly center: number;
  readonly reach: number;
  readonly rate: number;
}
const pushOf = ({ center, reach }: Omit<RadialMap, "rate">, z: number): number =>
  (z - center) / (reach + Math.abs(z - center));
const slopeOf = ({ center, reach }: Omit<RadialMap, "rate">, z: number): number =>
  reach / (reach + Math.abs(z - center)) ** 2;

/** What there is after some steps. */
interface Ascent {
  /** The points at the beginning, before they are shifted and scaled. */
  readonly data: Float64Array;
  readonly mean: number;
  readonly deviation: number;
  readonly maps: readonly RadialMap[];
  /** The points, and L, after each step. */
  readonly states: readonly { readonly points: Float64Array; readonly level: number }[];
}

/** The ascent by small radial maps around random centers, from the data towards normal. */
function ascent(): Ascent {
  const uniform = uniforms(5);
  const draw = normals(uniform);
  const data = Float64Array.from({ length: count }, (_, i) =>
    i % 5 < 3 ? -1.1 + 0.22 * draw() : 1.2 + 0.35 * draw(),
  );
  const mean = data.reduce((a, b) => a + b) / count;
  const deviation = Math.sqrt(data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count);
  let points = data.map((x) => (x - mean) / deviation);
  let logSlope = -Math.log(deviation);
  const levelOf = (z: Float64Array): number =>
    z.reduce((sum, value) => sum + Math.log(normal(value)), 0) / count;
  const states = [{ points, level: levelOf(points) + logSlope }];
  const maps: RadialMap[] = [];
  for (let step = 0; step < stepsInAll; step++) {
    // A center is drawn from the points and from the normal in turn.
    const center = step % 2 === 0 ? points[Math.floor(uniform() * count)]! : draw();
    const around = { center, reach: 0.35 + 0.5 * uniform() };
    // How L rises with the rate, and how that falls.
    let [first, second] = [0, 0];
    for (const z of points) {
      const [push, slope] = [pushOf(around, z), slopeOf(around, z)];
      first += slope - z * push;
      second += slope ** 2 + push ** 2;
    }
    const before = states[states.length - 1]!.level;
    const most = 0.4 * around.reach;
    let rate = Math.max(-most, Math.min(most, first / second));
    for (; Math.abs(rate) > 1e-4; rate /= 2) {
      const moved = points.map((z) => z + rate * pushOf(around, z));
      const added = points.reduce((sum, z) => sum + Math.log(1 + rate * slopeOf(around, z)), 0) / count;
      if (levelOf(moved) + logSlope + added < before) continue;
      points = moved;
      logSlope += added;
      maps.push({ ...around, rate });
      break;
    }
    if (maps.length === step) maps.push({ ...around, rate: 0 });
    states.push({ points, level: levelOf(points) + logSlope });
  }
  return { data, mean, deviation, maps, states };
}

/** The density that the bell curve has when the first steps are run backwards. */
function dualDensity({ mean, deviation, maps }: Ascent, step: number, x: number): number {
  let z = (x - mean) / deviation;
  let slope = 1 / deviation;
  for (const map of maps.slice(0, step)) {
    slope *= 1 + map.rate * slopeOf(map, z);
    z += map.rate * pushOf(map, z);
  }
  return normal(z) * slope;
}

/** Bars of the shares of points. */
function Bars(props: {
  readonly points: Float64Array;
  readonly range: readonly [number, number];
  readonly across: (value: number) => number;
  readonly up: (density: number) => number;
}) {
  const [from, to] = props.range;
  const bins = 40;
  const counts = new Float64Array(bins);
  for (const z of props.points) {
    const bin = Math.floor(((z - from) / (to - from)) * bins);
    if (bin >= 0 && bin < bins) counts[bin]!++;
  }
  const widthOfBin = (to - from) / bins;
  return (
    <>
      {Array.from(counts, (value, bin) => {
        const [left, top] = [props.across(from + bin * widthOfBin), props.up(value / count / widthOfBin)];
        return (
          <rect
            key={bin}
            class="bar data"
            x={left}
            y={top}
            width={props.across(from + (bin + 1) * widthOfBin) - left - 0.8}
            height={Math.max(0, props.up(0) - top)}
          />
        );
      })}
    </>
  );
}

export function DualFlow() {
  const [step, setStep] = useState(12);
  const way = useMemo(ascent, []);
  const { states } = way;
  const { points, level } = states[step]!;
  const foot = height - 46;
  const [normals, datas] = [[-4, 4] as const, [-2.6, 2.8] as const];
  const across = scaled(...normals, 6, 222);
  const up = scaled(0, 0.75, foot, 10);
  const acrossData = scaled(...datas, 240, 456);
  const upData = scaled(0, 1.3, foot, 10);
  const right = scaled(0, stepsInAll, 480, width - 8);
  const rise = scaled(states[0]!.level, states[stepsInAll]!.level, foot, 24);
  return (
    <Figure
      question="Can small steps make points normal, and the bell curve a density of the points?"
      picture={
        <>
          <path class="axis" d={`M6 ${foot}H222M240 ${foot}H456M480 ${foot}H${width - 8}`} />
          <Bars points={points} range={normals} across={across} up={up} />
          <path
            class="line base"
            d={pathOf(spaced(...normals, 120).map((z) => [across(z), up(normal(z))]))}
          />
          <Bars points={way.data} range={datas} across={acrossData} up={upData} />
          <path
            class="line model"
            d={pathOf(spaced(...datas, 270).map((x) => [acrossData(x), upData(dualDensity(way, step, x))]))}
          />
          <path class="line text" d={pathOf(states.map((state, i) => [right(i), rise(state.level)]))} />
          <circle class="dot" cx={right(step)} cy={rise(level)} r="5" />
          <Label x={6} y={height - 28} tone="data">
            bars: points, moved
          </Label>
          <Label x={6} y={height - 7} tone="base">
            line: bell curve
          </Label>
          <Label x={240} y={height - 28} tone="data">
            bars: the data
          </Label>
          <Label x={240} y={height - 7} tone="model">
            line: density
          </Label>
          <Label x={480} y={height - 28}>
            L, by step
          </Label>
        </>
      }
      controls={<Drag label="steps made" range={[0, stepsInAll]} step={1} value={step} onDrag={setStep} />}
      answer={
        <>
          After {step} {step === 1 ? "step" : "steps"} L is <b>{written(level)}</b> nats per point. Each step
          is near the identity, and is made shorter until L does not fall. On the left the points go to the
          bell curve; beside it the same steps, run backwards, have taken the bell curve to the density that
          is drawn over the data. The maps are radial ones around random centers, as in E. Tabak and C. Turner
          (2013); those of 2010 went along random directions.
        </>
      }
    />
  );
}
