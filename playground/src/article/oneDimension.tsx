/** One number pushed forward; many maps after each other; a constant. */

import { useState } from "preact/hooks";
import { normals, uniforms } from "../data/random.ts";
import { addingUp, written } from "../ui/numbers.ts";
import { Drag, Figure, height, Label, normal, pathOf, scaled, spaced, width } from "./parts.tsx";

/** An increasing map with a bend in the middle, and its slope. */
const bent = (bend: number) => ({
  image: (z: number) => z + bend * Math.tanh(2 * z),
  slope: (z: number) => 1 + (2 * bend) / Math.cosh(2 * z) ** 2,
});

export function PushForward() {
  const [bend, setBend] = useState(1.2);
  const [z, setZ] = useState(0.6);
  const { image, slope } = bent(bend);
  const [left, foot] = [230, height - 60];
  const across = scaled(-3, 3, left, width - 10);
  const up = scaled(-5, 5, foot, 10);
  const step = 0.25;
  const strip = spaced(z - step / 2, z + step / 2, 9);
  // Areas are drawn to one scale, so that equal probability looks equal.
  const deep = 110;
  const wide = (deep * (across(1) - across(0))) / (up(0) - up(1));
  const below = (at: number): number => foot + 4 + deep * normal(at);
  const [atStart, stretch] = addingUp([Math.log(normal(z)), -Math.log(slope(z))]) as [number, number];
  const beside = (at: number): number => left - 4 - (wide * normal(at)) / slope(at);
  return (
    <Figure
      question="Where do the numbers under the bell curve go, and how dense do they lie there?"
      picture={
        <>
          <path class="axis" d={`M${left} 10V${foot}H${width - 10}`} />
          <path
            class="fill base"
            d={`${pathOf(spaced(-3, 3, 90).map((at) => [across(at), below(at)]))}L${across(3)} ${foot + 4}L${across(-3)} ${foot + 4}Z`}
          />
          <path
            class="fill model"
            d={`${pathOf(spaced(-3, 3, 160).map((at) => [beside(at), up(image(at))]))}L${left - 4} ${up(image(3))}L${left - 4} ${up(image(-3))}Z`}
          />
          <path
            class="solid base"
            d={`${pathOf(strip.map((at) => [across(at), below(at)]))}L${across(strip[8]!)} ${foot + 4}L${across(strip[0]!)} ${foot + 4}Z`}
          />
          <path
            class="solid model"
            d={`${pathOf(strip.map((at) => [beside(at), up(image(at))]))}L${left - 4} ${up(image(strip[8]!))}L${left - 4} ${up(image(strip[0]!))}Z`}
          />
          <path class="line text" d={pathOf(spaced(-3, 3, 160).map((at) => [across(at), up(image(at))]))} />
          <path class="guide" d={`M${across(z)} ${foot}V${up(image(z))}H${left}`} />
          <circle class="dot" cx={across(z)} cy={up(image(z))} r="5" />
          <Label x={width - 10} y={foot - 6} end>
            z
          </Label>
          <Label x={left + 6} y={20}>
            x, by the map
          </Label>
          <Label x={6} y={height - 29} tone="base">
            bell curve of z
          </Label>
          <Label x={6} y={height - 7} tone="base">
            strip {written(step, 2)} wide
          </Label>
          <Label x={6} y={20} tone="model">
            density of x
          </Label>
          <Label x={6} y={42} tone="model">
            strip {written(image(z + step / 2) - image(z - step / 2), 2)} wide
          </Label>
        </>
      }
      controls={
        <>
          <Drag label="the place z" range={[-2.5, 2.5]} step={0.02} value={z} onDrag={setZ} />
          <Drag label="the bend of the map" range={[0, 2]} step={0.02} value={bend} onDrag={setBend} />
        </>
      }
      answer={
        <>
          The two strips hold the same probability, and are drawn with the same area. Where the map is steep,
          the strip is wider and less dense (the axis of x is drawn smaller than that of z): log p(x) = log of
          the bell curve at z minus log of the slope = {written(atStart)} − {written(-stretch)} ={" "}
          <b>{written(atStart + stretch)}</b> at x = {written(image(z), 2)}.
        </>
      }
    />
  );
}

/** Four maps, each a step up at a place of its own. */
const maps = [-1.2, 0.9, -0.2, 1.8].map((center) => ({
  image: (z: number) => z + 0.8 * Math.tanh(1.6 * (z - center)),
  slope: (z: number) => 1 + 1.28 / Math.cosh(1.6 * (z - center)) ** 2,
}));

/** Where a number is after some maps, and the logarithm of each slope on the way. */
function through(z: number, count: number): { readonly x: number; readonly logSlopes: readonly number[] } {
  let x = z;
  const logSlopes: number[] = [];
  for (const { image, slope } of maps.slice(0, count)) {
    logSlopes.push(Math.log(slope(x)));
    x = image(x);
  }
  return { x, logSlopes };
}

export function Composition() {
  const [count, setCount] = useState(2);
  const [z, setZ] = useState(0.4);
  const across = scaled(-6, 6, 10, width - 10);
  const up = scaled(0, 0.5, height - 30, 12);
  const curve = spaced(-4, 4, 400).map((start): readonly [number, number] => {
    const { x, logSlopes } = through(start, count);
    return [across(x), up(normal(start) * Math.exp(-logSlopes.reduce((a, b) => a + b, 0)))];
  });
  const { x, logSlopes } = through(z, count);
  const logProb = Math.log(normal(z)) - logSlopes.reduce((a, b) => a + b, 0);
  const [start, ...terms] = addingUp([Math.log(normal(z)), ...logSlopes.map((value) => -value)], 2);
  return (
    <Figure
      question="What do several maps do, one after another?"
      picture={
        <>
          <path class="axis" d={`M10 ${height - 30}H${width - 10}`} />
          <path class="line base" d={pathOf(spaced(-4, 4, 120).map((at) => [across(at), up(normal(at))]))} />
          <path
            class="fill model"
            d={`${pathOf(curve)}L${across(6)} ${height - 30}L${across(-6)} ${height - 30}Z`}
          />
          <path class="line model" d={pathOf(curve)} />
          <path
            class="guide"
            d={`M${across(z)} ${height - 30}V${up(normal(z))}M${across(x)} ${height - 30}V${up(Math.exp(logProb))}`}
          />
          <circle class="dot" cx={across(x)} cy={up(Math.exp(logProb))} r="5" />
          <Label x={12} y={18}>
            density
          </Label>
          <Label x={width - 10} y={height - 12} end>
            z, and x after the maps
          </Label>
          <Label x={width - 10} y={18} tone="base" end>
            thin line: bell curve of z
          </Label>
          <Label x={width - 10} y={42} tone="model" end>
            filled: density of x
          </Label>
        </>
      }
      controls={
        <>
          <Drag label="maps applied, of 4" range={[0, 4]} step={1} value={count} onDrag={setCount} />
          <Drag label="the place z" range={[-2.5, 2.5]} step={0.02} value={z} onDrag={setZ} />
        </>
      }
      answer={
        <>
          Logarithms of slopes add up: log p = {written(start!, 2)}
          {terms.map((value) => ` − ${written(-value, 2)}`).join("")} = <b>{written(logProb, 2)}</b>. In more
          dimensions the slope is the absolute value of the determinant of the Jacobian.
        </>
      }
    />
  );
}

const truth = 1.3;
const draw = normals(uniforms(3));
const rows = Array.from({ length: 40 }, () => truth + draw());
const best = rows.reduce((a, b) => a + b) / rows.length;

export function Constant() {
  const [shift, setShift] = useState(-0.8);
  const mean = (c: number): number => rows.reduce((sum, x) => sum + Math.log(normal(x - c)), 0) / rows.length;
  const across = scaled(-4, 5, 10, 400);
  const foot = height - 46;
  const up = scaled(0, 0.45, foot, 12);
  const right = scaled(-2, 4, 430, width - 10);
  const likelihood = scaled(mean(-2), mean(best), foot, 20);
  // One step of the slider, and no other, is so near.
  const isBest = Math.abs(shift - best) < 0.025;
  return (
    <Figure
      question="What is the smallest flow? Drag the bell curve until it fits the points."
      picture={
        <>
          <path class="axis" d={`M10 ${foot}H400M430 ${foot}H${width - 10}`} />
          <path
            class="fill model"
            d={`${pathOf(spaced(-4, 5, 150).map((x) => [across(x), up(normal(x - shift))]))}L400 ${foot}L10 ${foot}Z`}
          />
          {rows.map((x) => (
            <circle key={x} class="solid data" cx={across(x)} cy={foot + 6} r="3" />
          ))}
          <path class="line text" d={pathOf(spaced(-2, 4, 90).map((c) => [right(c), likelihood(mean(c))]))} />
          <circle class="dot" cx={right(shift)} cy={likelihood(mean(shift))} r="5" />
          <Label x={10} y={height - 10}>
            x: <tspan class="data">dots: points</tspan>, <tspan class="model">filled: density</tspan>
          </Label>
          <Label x={430} y={height - 10}>
            mean log p, by c
          </Label>
        </>
      }
      controls={<Drag label="the constant c" range={[-2, 4]} step={0.05} value={shift} onDrag={setShift} />}
      answer={
        <>
          x = z + c has all that a flow has: a base, a bijection, both directions, a density by the change of
          variables (its log-determinant is 0), and a likelihood by which c is fitted: {written(mean(shift))}{" "}
          nats per point
          {isBest ? ", the most there is." : "."} The rest of the field is the choice of bijections.
        </>
      }
    />
  );
}
