// Pictures of the parts, computed by the library: a grid that a bijection pushes forward, curves of a transformer, samples of a base.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { namesIn, parts, statementsOf } from "./parts.mjs";

const library = (entry) => import(`../../dist/${entry}.js`);
const { wasmEngine } = await library("engines");
const { bindTree, flattenTree, initialValues, ops } = await library("graph");
const { RandomStream, randomKey, split } = await library("random");

const engine = wasmEngine({ precision: "float64", threads: 1 });

const side = 320;
/** Base points of a picture go this far. */
const reach = 2.5;
const lines = 13;
const steps = 48;

/** Makes the part of an example: what its statements declare. */
async function made(part) {
  const statements = statementsOf(part);
  const named = namesIn(statements);
  const functions = await Promise.all(named.map(async ({ entry, name }) => (await library(entry))[name]));
  const program = new Function(
    ...named.map(({ name }) => name),
    `${statements}\nreturn { base, bijection, values: typeof values === "undefined" ? {} : values };`,
  );
  return program(...functions);
}

/** Parameters far from the start: trained ones are moved by normal numbers. */
function drawnValues(tree, prefix, given, seed, scaleOf) {
  const key = randomKey(seed);
  const values = initialValues(tree, key);
  for (const [name, { kind, shape }] of flattenTree(tree)) {
    const stream = new RandomStream(split(key, `picture ${name}`));
    const scale = kind === "trained" ? scaleOf(shape, name) : 0;
    values[name] = given[`${prefix}.${name}`] ?? values[name].map((value) => value + scale * stream.normal());
  }
  return values;
}

/** Runs an expression of one input at many points, once with each set of values. */
async function computed(tree, sets, size, points, write) {
  const executable = await engine.compile({
    rows: { value: write(ops.input("x", [size]), bindTree(tree, "part.")) },
  });
  const results = [];
  for (const values of sets) {
    const known = Object.entries(values)
      .map(([name, value]) => [`part.${name}`, value])
      .filter(([name]) => executable.parameters.has(name));
    await executable.setParameters(Object.fromEntries(known));
    const { rows } = await executable.run({ rows: points.length / size, inputs: { x: points } });
    results.push(rows.value);
  }
  executable.dispose();
  return results;
}

/** Where the points of a feature lie that a bijection takes. */
function spanOf(interval) {
  const [low, high] = interval ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const from = Number.isFinite(low) ? low : Math.min(-reach, high - 2 * reach);
  const to = Number.isFinite(high) ? high : Math.max(reach, from + 2 * reach);
  const inset = 1e-3 * (to - from);
  return [from + inset, to - inset];
}

const between = ([from, to], share) => from + (to - from) * share;

/** Polylines of a grid of two features: one feature fixed, the other one running. */
function gridLines(spans) {
  return [0, 1].flatMap((fixed) =>
    Array.from({ length: lines }, (_, line) =>
      Array.from({ length: steps + 1 }, (_, step) => {
        const at = [line / (lines - 1), step / steps];
        return [0, 1].map((feature) => between(spans[feature], at[feature === fixed ? 0 : 1]));
      }),
    ),
  );
}

/** The frame that holds most of the points, so that the few which go far do not shrink the others. */
function frameOf(polylines) {
  return [0, 1].map((axis) => {
    const values = polylines
      .flat()
      .map((point) => point[axis])
      .filter(Number.isFinite)
      .sort((a, b) => a - b);
    const at = (share) => values[Math.round(share * (values.length - 1))];
    const [low, high] = [at(0.01), at(0.99)];
    const margin = 0.06 * Math.max(high - low, 1e-6);
    return [low - margin, high + margin];
  });
}

const rounded = (value) => String(Number(value.toFixed(1)));

function svgOf(frame, layers, labels) {
  const [[left, right], [bottom, top]] = frame;
  const place = ([x, y]) =>
    `${rounded((side * (x - left)) / (right - left))} ${rounded(side - (side * (y - bottom)) / (top - bottom))}`;
  const isNear = ([x, y]) =>
    Math.abs(x - (left + right) / 2) < 5 * (right - left) &&
    Math.abs(y - (bottom + top) / 2) < 5 * (top - bottom);
  const paths = layers.map(({ polylines, style }) => {
    const text = polylines
      .map((points) => points.filter((point) => point.every(Number.isFinite) && isNear(point)))
      .filter((points) => points.length > 0)
      .map((points) => `M${points.map(place).join("L")}${points.length === 1 ? "h0" : ""}`)
      .join("");
    return `<path d="${text}" fill="none" ${style}/>`;
  });
  const label = (x, y, anchor, text) =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-family="sans-serif" font-size="11" fill="#888">${text}</text>`;
  const short = (value) => String(Number(value.toPrecision(2)));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-34 -8 ${side + 44} ${side + 40}" width="${side + 44}" height="${side + 40}">
<clipPath id="frame"><rect width="${side}" height="${side}"/></clipPath>
<rect width="${side}" height="${side}" fill="none" stroke="#888" stroke-width="0.7"/>
<g clip-path="url(#frame)">
${paths.join("\n")}
</g>
${label(0, side + 14, "start", short(left))}
${label(side, side + 14, "end", short(right))}
${label(side / 2, side + 26, "middle", labels[0])}
${label(-4, side, "end", short(bottom))}
${label(-4, 10, "end", short(top))}
${label(-4, side / 2, "end", labels[1])}
</svg>
`;
}

const strokes = {
  before: 'stroke="#999" stroke-width="0.4"',
  after: 'stroke="#2a6fb0" stroke-width="1"',
  curves: ["#2a6fb0", "#c05020", "#3a8f4f", "#8a5fb0"].map((color) => `stroke="${color}" stroke-width="1.6"`),
  points: 'stroke="#2a6fb0" stroke-width="2.4" stroke-linecap="round" stroke-opacity="0.6"',
};

/** What a conditional part is given in its picture. */
const contextOf = ({ context }) =>
  context > 0 ? ops.constant(new Float64Array(context).fill(0.5)) : undefined;

async function pictureOfBijection({ bijection, values }) {
  const drawn = drawnValues(bijection.parameters, "bijection", values, 1, (shape) =>
    shape.length > 1 ? 1 / Math.sqrt(Math.max(1, shape.at(-1))) : 0.6,
  );
  const grid = gridLines([0, 1].map((feature) => spanOf(bijection.domain?.[feature])));
  const [image] = await computed(
    bijection.parameters,
    [drawn],
    2,
    Float64Array.from(grid.flat(2)),
    (x, p) => bijection.forward(x, p, contextOf(bijection)).value,
  );
  const pushed = grid.map((points, line) =>
    points.map((_, step) => {
      const at = 2 * (line * (steps + 1) + step);
      return [image[at], image[at + 1]];
    }),
  );
  const layers = [
    { polylines: grid, style: strokes.before },
    { polylines: pushed, style: strokes.after },
  ];
  return svgOf(frameOf(pushed), layers, ["a", "b"]);
}

async function pictureOfTransformer({ bijection, values }) {
  const count = 100;
  const span = spanOf(bijection.domain?.[0]);
  const inputs = Array.from({ length: count + 1 }, (_, i) => between(span, i / count));
  // Of the weights of networks a little, of parameters of each feature much.
  const scaleOf = (_, name) => (name === "values" ? 1 : 0.3);
  const drawn = [1, 2].map((seed) => drawnValues(bijection.parameters, "bijection", values, seed, scaleOf));
  const points = Float64Array.from(inputs.flatMap((x) => [x, x]));
  const images = await computed(
    bijection.parameters,
    drawn,
    2,
    points,
    (x, p) => bijection.forward(x, p).value,
  );
  const curves = images.flatMap((image) =>
    [0, 1].map((feature) => inputs.map((x, i) => [x, image[2 * i + feature]])),
  );
  const layers = curves.map((polyline, i) => ({ polylines: [polyline], style: strokes.curves[i] }));
  return svgOf(frameOf(curves), layers, ["x", "y"]);
}

async function pictureOfBase({ base, values }) {
  const drawn = drawnValues(base.parameters, "base", values, 1, () => 0.8);
  const count = 700;
  const stream = new RandomStream(randomKey(2));
  const noise = Float64Array.from({ length: count * base.noise }, () => stream.normal());
  const [samples] = await computed(base.parameters, [drawn], base.noise, noise, (x, p) =>
    base.sample(x, p, contextOf(base)),
  );
  const points = Array.from({ length: count }, (_, i) => [[samples[2 * i], samples[2 * i + 1]]]);
  return svgOf(frameOf(points), [{ polylines: points, style: strokes.points }], ["a", "b"]);
}

const pictures = {
  bijection: pictureOfBijection,
  transformer: pictureOfTransformer,
  base: pictureOfBase,
};

/** Draws all parts into a folder, a file each. */
export async function drawParts(folder) {
  mkdirSync(folder, { recursive: true });
  for (const part of parts)
    try {
      writeFileSync(join(folder, `${part.name}.svg`), await pictures[part.variable](await made(part)));
    } catch (cause) {
      throw new Error(`the example of ${part.name} (src/${part.file}.ts) cannot be drawn`, { cause });
    }
}
