/** What is known of a flow, in numbers and small pictures. */

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Progress, Snapshot } from "../flow/protocol.ts";
import { colorsOf, drawPoints } from "../picture/draw.ts";
import { isWhole } from "../picture/field.ts";
import { nameOf, points, type Run, runs, state } from "../store.ts";
import { openTable } from "../table/tableStore.ts";
import { theme } from "../theme.ts";
import { OpenTable } from "./FileButton.tsx";
import { addingUp, written } from "./numbers.ts";

const width = 288;
const height = 112;

/** Log-likelihoods over the steps. */
function Curve(props: {
  readonly history: readonly Progress[];
  readonly beside: readonly Progress[];
  readonly isExplained: boolean;
}) {
  const { history, beside, isExplained } = props;
  const shown = history.filter(({ heldOutLogProb }) => Number.isFinite(heldOutLogProb));
  const heldOut = shown.map(({ heldOutLogProb }) => heldOutLogProb);
  // Two that are compared are drawn on one scale.
  const all = [...history, ...beside]
    .flatMap(({ heldOutLogProb, trainLogProb }) => [heldOutLogProb, trainLogProb])
    .filter(Number.isFinite);
  const [low, high] = all.length > 1 ? [Math.min(...all), Math.max(...all)] : [-1, 0];
  const steps = shown.at(-1)?.steps || 1;
  const place = (value: number): string =>
    (6 + ((height - 12) * (high - value)) / Math.max(1e-9, high - low)).toFixed(1);
  const path = (values: readonly number[]): string => {
    // What is fitted without steps has one value: a level.
    if (values.length === 1 && Number.isFinite(values[0]))
      return `0,${place(values[0]!)} ${width},${place(values[0]!)}`;
    return values
      .flatMap((value, i) =>
        Number.isFinite(value) ? [`${((width * shown[i]!.step) / steps).toFixed(1)},${place(value)}`] : [],
      )
      .join(" ");
  };
  return (
    <div class="curve">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label="Log-likelihood by step, of training and held-out points"
      >
        <polyline class="train" points={path(shown.map(({ trainLogProb }) => trainLogProb))} />
        <polyline class="held" points={path(heldOut)} />
        {all.length > 1 && (
          // Curves end at the top; levels, of which there are two, leave the middle free.
          <text x={width - 2} y={shown.length === 1 ? height / 2 + 4 : height - 6} text-anchor="end">
            from {written(low, 2)} to {written(high, 2)} nats
          </text>
        )}
      </svg>
      <p class="keys">
        <span class="held">
          {state.value.data.from === "energy" ? "minus the divergence" : "held-out points"}
        </span>
        {state.value.data.from !== "energy" && <span class="train">training points</span>}
      </p>
      {isExplained && state.value.data.from !== "energy" && (
        <p class="note">
          Where only the line of the training points still rises, the flow learns those points by heart.
        </p>
      )}
    </div>
  );
}

/** The number that says how well a flow fits: its opened model's, or the last of its training. */
function scoreOf(run: Run): number {
  const opened = run.opened.value;
  if (opened) return opened.meanLogProb;
  const heldOut = run.history.value.at(-1)?.heldOutLogProb ?? Number.NaN;
  return state.value.data.from === "energy" ? -heldOut : heldOut;
}

/** Two flows on the same points, by their numbers. */
export function Compared() {
  const scores = runs.map(scoreOf);
  const [first, second] = scores as [number, number];
  const isEnergy = state.value.data.from === "energy";
  const better = isEnergy === first < second ? runs[0] : runs[1];
  const difference = Math.abs(first - second);
  return (
    <div class="numbers">
      <h2>Side by side</h2>
      <dl>
        {runs.map((run, i) => (
          <div key={i === 0 ? "first" : "beside"}>
            <dt>{nameOf(run)}</dt>
            <dd>{Number.isFinite(scores[i]) ? `${written(scores[i]!)} nats` : "–"}</dd>
          </div>
        ))}
      </dl>
      <p class="note difference">
        {Number.isFinite(difference) && difference >= 0.0005
          ? `${nameOf(better)} is better by ${written(difference)} nats. `
          : ""}
        {isEnergy
          ? "Less is better here."
          : "Both are means over the same held-out points; another seed moves each by some hundredths of a nat."}
      </p>
    </div>
  );
}

/** The mean log-density of points by the Gaussian of their own mean and covariance, in nats. */
function gaussianScore(points: Float64Array): number {
  const count = points.length / 2;
  let [x, y, xx, xy, yy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < points.length; i += 2) {
    const [a, b] = [points[i]!, points[i + 1]!];
    x += a / count;
    y += b / count;
    xx += (a * a) / count;
    xy += (a * b) / count;
    yy += (b * b) / count;
  }
  return -1 - Math.log(2 * Math.PI) - 0.5 * Math.log((xx - x * x) * (yy - y * y) - (xy - x * y) ** 2);
}

/** What a single bell curve makes of the points of the page: a number to hold others against. */
function Reference() {
  const all = points.value;
  const score = useMemo(() => gaussianScore(all), [all]);
  return Number.isFinite(score) ? <> A single bell curve on these points has {written(score, 2)}.</> : null;
}

/** The normal density of one axis. */
const bell = (x: number): number => Math.exp(-(x ** 2) / 2) / Math.sqrt(2 * Math.PI);

/** The density of one axis of a base, from what is known of it on its lattice. */
function marginalOf({ lattice, heights, side }: Snapshot, axis: 0 | 1): (x: number) => number {
  const [low, high] = [lattice[0]![0]!, lattice[0]![2 * (side * side - 1)]!];
  const spacing = (high - low) / (side - 1);
  const sums = new Float64Array(side);
  heights[0]!.forEach((height, i) => {
    sums[axis === 0 ? i % side : Math.floor(i / side)]! += Math.exp(height) * spacing;
  });
  return (x) => {
    const place = Math.min(side - 1, Math.max(0, (x - low) / spacing));
    const before = Math.min(side - 2, Math.floor(place));
    return sums[before]! + (place - before) * (sums[before + 1]! - sums[before]!);
  };
}

/** The data in the base, with the marginals beside those of the base. */
function Latents({ run }: { readonly run: Run }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const snapshot = run.snapshot.value;
  const points = snapshot && isWhole(snapshot) ? snapshot.data[0] : undefined;
  const isNormal = run.isNormal.value;
  const now = theme.value;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const pixels = canvas.current!.width / 288;
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.clearRect(0, 0, 288, 288);
    const colors = colorsOf(document.documentElement);
    const [room, reach] = [232, 4];
    const scale = room / (2 * reach);
    const top = 288 - room;
    const toScreen = (x: number, y: number): readonly [number, number] => [
      (x + reach) * scale,
      top + (reach - y) * scale,
    ];
    context.strokeStyle = colors.base;
    for (const radius of isNormal ? [1, 2, 3] : []) {
      context.globalAlpha = 0.55;
      context.beginPath();
      context.arc(...toScreen(0, 0), radius * scale, 0, 2 * Math.PI);
      context.stroke();
    }
    context.globalAlpha = 1;
    if (!points) return;
    context.save();
    context.beginPath();
    context.rect(0, top, room, room);
    context.clip();
    drawPoints(context, points, toScreen, 1.3, colors.data, 0.7);
    context.restore();
    const bins = 32;
    const most = 0.52;
    for (const axis of [0, 1] as const) {
      const counts = new Float64Array(bins);
      for (let i = axis; i < points.length; i += 2) {
        const bin = Math.floor(((points[i]! + reach) / (2 * reach)) * bins);
        if (bin >= 0 && bin < bins) counts[bin]!++;
      }
      const unit = (points.length / 2) * ((2 * reach) / bins);
      context.fillStyle = colors.data;
      context.globalAlpha = 0.5;
      counts.forEach((count, bin) => {
        const length = Math.min(1, count / unit / most) * (top - 6);
        if (axis === 0) context.fillRect((bin * room) / bins, top - 3 - length, room / bins - 1, length);
        else context.fillRect(room + 3, 288 - ((bin + 1) * room) / bins, length, room / bins - 1);
      });
      context.globalAlpha = 1;
      context.strokeStyle = colors.base;
      context.lineWidth = 2;
      context.beginPath();
      const law = isNormal ? bell : marginalOf(snapshot!, axis);
      for (let x = -reach; x <= reach; x += 0.1) {
        const length = Math.min(1.1, law(x) / most) * (top - 6);
        if (axis === 0) context.lineTo((x + reach) * scale, top - 3 - length);
        else context.lineTo(room + 3 + length, top + (reach - x) * scale);
      }
      context.stroke();
      context.lineWidth = 1;
    }
  }, [points, isNormal, now]);
  return (
    <canvas
      ref={canvas}
      class="latents"
      width={576}
      height={576}
      role="img"
      aria-label={`The points in the base, their marginals, and ${isNormal ? "the normal density" : "those of the base"}`}
    />
  );
}

/** The probability in the picture and outside of it, and that they are all of it. */
function Mass({ inside, outside }: Snapshot) {
  const [shownInside, shownOutside] = addingUp([inside, outside]);
  return (
    <>
      <span class="model">{written(shownInside!)} in the picture</span> +{" "}
      <span class="sum">
        <span class="base">{written(shownOutside!)} outside</span> = {written(shownInside! + shownOutside!)}
      </span>
    </>
  );
}

export function Beside({ run, isFirst = false }: { readonly run: Run; readonly isFirst?: boolean }) {
  const history = run.history.value;
  const last = history.at(-1);
  const snapshot = run.snapshot.value;
  const opened = run.opened.value;
  const threads = run.threads.value;
  const judgment = run.judgment.value;
  const isNormal = run.isNormal.value;
  const isEnergy = state.value.data.from === "energy";
  const score = scoreOf(run);
  const other = state.value.other ? runs[isFirst ? 1 : 0].history.value : [];
  return (
    <div class="numbers">
      <h2>{nameOf(run)}</h2>
      <p class="score">
        <b>{Number.isNaN(score) ? "–" : written(score)}</b>
        <span>
          {opened
            ? opened.view
              ? "nats: the mean log-density of points that the model draws itself; points like those that it was fitted to have about as much"
              : "nats per point of the page: the mean log-density by the opened model, higher is better"
            : isEnergy
              ? "nats of divergence of the flow from the target: 0 is perfect"
              : "nats per held-out point: the mean log-density, higher is better"}
        </span>
      </p>
      {opened?.view && (
        <div class="notes">
          <p>
            The table of this model is not in its file: the picture shows points that the model draws. Open
            its table, or another with the columns {opened.columns.join(" and ")}, to score the rows.
          </p>
          <OpenTable label="Open its table" onFile={(file) => void openTable(file, run.file())} />
        </div>
      )}
      {isFirst && (
        <p class="note">
          {isEnergy && !opened
            ? "The nat is the unit of natural logarithms."
            : `Log-densities are natural logarithms, and their unit is the nat: 1 nat more is a density 2.72 times as high.${opened ? "" : " Held-out points are not trained on."}`}
          {!isEnergy && !opened && <Reference />}
        </p>
      )}
      {!opened && (
        <>
          <Curve history={history} beside={other} isExplained={isFirst} />
          <dl>
            <div>
              <dt>Steps</dt>
              <dd>
                {last && Number.isFinite(last.step) && last.steps > 0 ? `${last.step} of ${last.steps}` : "–"}
              </dd>
            </div>
            <div>
              <dt>Steps a second</dt>
              <dd>
                {last && Number.isFinite(last.rate) ? (
                  <>
                    {Math.round(last.rate)}{" "}
                    <small>on {threads === 1 ? "1 thread" : `${threads} threads`}</small>
                  </>
                ) : (
                  "–"
                )}
              </dd>
            </div>
          </dl>
        </>
      )}
      {isEnergy && !opened && (
        <>
          <h3>Can its samples stand for the target?</h3>
          <dl>
            <div>
              <dt>k-hat</dt>
              <dd>{judgment ? written(judgment.kHat, 2) : "–"}</dd>
            </div>
            <div>
              <dt>Effective samples</dt>
              <dd>{judgment ? `${Math.round(100 * judgment.effectiveShare)} %` : "–"}</dd>
            </div>
          </dl>
          <p class="note">
            Each sample is weighed by target over flow. Below 0.7 the heaviest weights are tame, and averages
            by the weights can be relied on where the flow has samples; neither number sees a peak that the
            flow misses. The second number says how many equal samples those of the flow are worth. The
            integral of exp(−energy) is {judgment ? written(Math.exp(judgment.logIntegral), 2) : "–"}.
          </p>
        </>
      )}
      <h3>All probability is accounted for</h3>
      <p class="mass">{snapshot && isWhole(snapshot) ? <Mass {...snapshot} /> : "–"}</p>
      {isFirst && (
        <p class="note">
          {isNormal ? "The bell curve" : "The base"} holds 1, and the map only moves it. The first number is
          the integral of the density over the picture. The second is the share of{" "}
          {isNormal ? "the bell curve" : "the base"} that lands outside of the picture. Each is computed for
          itself, as a sum over a grid. They add up to 1 whether the flow fits or not.
        </p>
      )}
      {!opened?.view && (
        <>
          <h3>{isNormal ? "The data, made normal" : "The data in the base"}</h3>
          <Latents run={run} />
          <p class="note">
            Each point sent back to the base{isNormal ? "" : ", which is no bell curve here"}. The closer{" "}
            <span class="data">the bars</span> are to{" "}
            <span class="base">{isNormal ? "the bell curve" : "the curve of the base"}</span>, the better the
            flow.
          </p>
        </>
      )}
    </div>
  );
}
