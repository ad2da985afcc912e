/** Gaussianization by rounds, and residual maps. */

import { useMemo, useState } from "preact/hooks";
import { normals, uniforms } from "../data/random.ts";
import { drawSet } from "../data/sets.ts";
import { written } from "../ui/numbers.ts";
import { Drag, Figure, height, Label, normal, pathOf, scaled, spaced, width } from "./parts.tsx";

const rounds = 16;
const count = 500;

/** Sorted normal numbers, one for each rank: the middle of each of so many equal shares. */
function normalScores(): Float64Array {
  const scores = new Float64Array(count);
  let [z, mass] = [-8, 0];
  const step = 0.0005;
  for (let i = 0; i < count; i++) {
    while (mass < (i + 0.5) / count) {
      mass += normal(z) * step;
      z += step;
    }
    scores[i] = z;
  }
  return scores;
}

/** Points after each round: turned, then each axis made normal by its ranks. */
function gaussianized(): readonly Float64Array[] {
  const scores = normalScores();
  const uniform = uniforms(2);
  let points: Float64Array = drawSet("moons", count, 4);
  const states: Float64Array[] = [points.map((value) => value / 1.3)];
  for (let round = 0; round < rounds; round++) {
    const angle = round === 0 ? 0 : Math.PI * uniform();
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const turned = points.map((_, i) =>
      i % 2 === 0 ? c * points[i]! - s * points[i + 1]! : s * points[i - 1]! + c * points[i]!,
    );
    const next = new Float64Array(2 * count);
    for (const axis of [0, 1]) {
      const order = Array.from({ length: count }, (_, i) => i).sort(
        (a, b) => turned[2 * a + axis]! - turned[2 * b + axis]!,
      );
      order.forEach((row, rank) => {
        next[2 * row + axis] = scores[rank]!;
      });
    }
    points = next;
    states.push(points);
  }
  return states;
}

/** The excess kurtosis along many directions, the one that is farthest from 0: what is not yet normal. */
function excess(points: Float64Array): number {
  const count = points.length / 2;
  const excesses = spaced(0, Math.PI, 37).map((angle) => {
    const along = Array.from(
      { length: count },
      (_, i) => Math.cos(angle) * points[2 * i]! + Math.sin(angle) * points[2 * i + 1]!,
    );
    const mean = along.reduce((a, b) => a + b) / count;
    const moment = (power: number): number =>
      along.reduce((sum, value) => sum + (value - mean) ** power, 0) / count;
    return moment(4) / moment(2) ** 2 - 3;
  });
  return excesses.reduce((farthest, value) => (Math.abs(value) > Math.abs(farthest) ? value : farthest));
}

export function Gaussianization() {
  const [round, setRound] = useState(1);
  const states = useMemo(gaussianized, []);
  const points = states[round]!;
  const across = scaled(-4, 4, width / 2 - 115, width / 2 + 115);
  const up = scaled(-4, 4, height - 5, 5);
  return (
    <Figure
      question="Can one make points normal without a network, one axis at a time?"
      picture={
        <>
          {[1, 2, 3].map((radius) => (
            <circle key={radius} class="line base" cx={across(0)} cy={up(0)} r={across(radius) - across(0)} />
          ))}
          {Array.from({ length: count }, (_, i) => (
            <circle
              key={i}
              class="solid data"
              cx={across(points[2 * i]!)}
              cy={up(points[2 * i + 1]!)}
              r="1.6"
            />
          ))}
          <Label x={10} y={24}>
            both axes from −4 to 4
          </Label>
          <Label x={width - 10} y={24} tone="base" end>
            circles: bell curve
          </Label>
          <Label x={width - 10} y={48} tone="data" end>
            dots: points
          </Label>
          <Label x={10} y={height - 12}>
            {round === 0 ? "as they are" : round === 1 ? "after 1 round" : `after ${round} rounds`}
          </Label>
        </>
      }
      controls={
        <Drag
          label={`rounds made, of ${rounds}`}
          range={[0, rounds]}
          step={1}
          value={round}
          onDrag={setRound}
        />
      }
      answer={
        <>
          A round turns the points, then makes each axis normal by itself, here by ranks. The first, without a
          turn, makes the margins normal and leaves the moons; further ones mix the axes. The excess kurtosis,
          0 for a normal, is <b>{written(excess(points), 2)}</b> along the direction where it is farthest from
          0. J. Friedman (1987) made one interesting direction after the other normal, to see what else there
          is. S. Chen and R. Gopinath (2000) turned to the least dependent axes and made all of them normal;
          V. Laparra, G. Camps-Valls and J. Malo (2011) took any rotation, random ones among them.
        </>
      }
    />
  );
}

const draw = normals(uniforms(9));
const start = 1.5 * draw();

export function Residual() {
  const [slope, setSlope] = useState(0.71);
  const image = (x: number): number => x + slope * Math.sin(x);
  const across = scaled(-6, 6, 20, width - 20);
  const up = scaled(-7, 7, height - 8, 8);
  const target = image(start);
  const tries: number[] = [target];
  while (tries.length < 5000 && Math.abs(tries[tries.length - 1]! - start) > 5e-7)
    tries.push(target - slope * Math.sin(tries[tries.length - 1]!));
  const isFolded = slope > 1;
  return (
    <Figure
      question="When can x + g(x) be undone?"
      picture={
        <>
          <path class="axis" d={`M20 ${up(0)}H${width - 20}M${across(0)} 8V${height - 8}`} />
          <path
            class="guide"
            d={pathOf([
              [across(-6), up(-6)],
              [across(6), up(6)],
            ])}
          />
          <path
            class={`line ${isFolded ? "text" : "model"}`}
            d={pathOf(spaced(-6, 6, 240).map((x) => [across(x), up(image(x))]))}
          />
          <Label x={width - 20} y={up(0) - 8} end>
            x
          </Label>
          <Label x={across(0) + 8} y={22}>
            y
          </Label>
          <Label x={24} y={22} {...(isFolded ? {} : { tone: "model" })}>
            solid: y = x + g(x)
          </Label>
          <Label x={24} y={46}>
            dashed: y = x
          </Label>
        </>
      }
      controls={
        <Drag label="largest slope of g" range={[0.01, 1.59]} step={0.02} value={slope} onDrag={setSlope} />
      }
      answer={
        isFolded ? (
          <>
            Now g is no contraction, and here the map turns back: some values come from <b>three</b> places.
            There is no inverse, and no flow.
          </>
        ) : (
          <>
            While the slope of g stays below 1, g is a contraction: the map rises everywhere, and x = y − g(x)
            finds the inverse, here in <b>{tries.length - 1}</b> iterations to six decimals. The closer to 1,
            the longer it takes. So each residual map is a small step, and many of them go far: the invertible
            residual networks of J. Behrmann and others (2019) and the residual flows of R. Chen and others
            (2019).
          </>
        )
      }
    />
  );
}
