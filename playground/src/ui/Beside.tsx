/** What is known of a flow, in numbers and small pictures. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Progress, Snapshot } from "../flow/protocol.ts";
import { colorsOf, drawPoints } from "../picture/draw.ts";
import { isWhole } from "../picture/field.ts";
import { isLive } from "../state.ts";
import { nameOf, type Run, runs, state } from "../store.ts";
import { openTable } from "../table/tableStore.ts";
import { theme } from "../theme.ts";
import { threadsFor } from "../threads.ts";
import { differenceOfMeans, pairedDifference } from "./comparison.ts";
import { OpenTable } from "./FileButton.tsx";
import { addingUp, written } from "./numbers.ts";

const width = 288;
const height = 112;

/** What of a training has a held-out score. */
const scoredOf = ({ history }: Run): readonly Progress[] =>
  history.value.filter(({ heldOutLogProb }) => Number.isFinite(heldOutLogProb));

/** Log-likelihoods over the steps; those of two flows on one scale. */
function Curves({ shown }: { readonly shown: readonly Run[] }) {
  const histories = shown.map(scoredOf);
  const all = histories
    .flat()
    .flatMap(({ heldOutLogProb, trainLogProb }) => [heldOutLogProb, trainLogProb])
    .filter(Number.isFinite);
  const [low, high] = all.length > 1 ? [Math.min(...all), Math.max(...all)] : [-1, 0];
  const place = (value: number): string =>
    (6 + ((height - 12) * (high - value)) / Math.max(1e-9, high - low)).toFixed(1);
  const path = (history: readonly Progress[], value: (progress: Progress) => number): string => {
    const steps = history.at(-1)?.steps || 1;
    // What is fitted without steps has one value: a level.
    if (history.length === 1 && Number.isFinite(value(history[0]!)))
      return `0,${place(value(history[0]!))} ${width},${place(value(history[0]!))}`;
    return history
      .flatMap((progress) =>
        Number.isFinite(value(progress))
          ? [`${((width * progress.step) / steps).toFixed(1)},${place(value(progress))}`]
          : [],
      )
      .join(" ");
  };
  const isEnergy = state.value.data.from === "energy";
  const lines = ["", "second"];
  return (
    <div class="curve">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={
          isEnergy
            ? "Minus the divergence, by step"
            : "Log-likelihood by step, of training and held-out points"
        }
      >
        {histories.map((history, i) => (
          <g key={lines[i]} class={lines[i]}>
            <polyline class="train" points={path(history, ({ trainLogProb }) => trainLogProb)} />
            <polyline class="held" points={path(history, ({ heldOutLogProb }) => heldOutLogProb)} />
          </g>
        ))}
        {all.length > 1 && (
          // Curves end at the top; levels, of which there are two, leave the middle free.
          <text
            x={width - 2}
            y={histories.every(({ length }) => length === 1) ? height / 2 + 4 : height - 6}
            text-anchor="end"
          >
            from {written(low, 2)} to {written(high, 2)} nats
          </text>
        )}
      </svg>
      <p class="keys">
        <span class="held">{isEnergy ? "minus the divergence" : "thick: held-out points"}</span>
        {!isEnergy && <span class="train">thin: training points</span>}
      </p>
    </div>
  );
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

/** The probability in the picture and outside of it, and that they are all of it: to the places that sums over these grids have. */
function Mass({ inside, outside }: Snapshot) {
  const [shownInside, shownOutside] = addingUp([inside, outside], 2);
  return (
    <>
      <span class="model">{written(shownInside!, 2)} in the picture</span> +{" "}
      <span class="sum">
        <span class="base">{written(shownOutside!, 2)} outside</span> ={" "}
        {written(shownInside! + shownOutside!, 2)}
      </span>
    </>
  );
}

/** What a flow scores: of one that is done, by the picture that is shown. */
function scoreOf({ opened, history, snapshot, phase, judgment }: Run): number {
  if (opened.value) return opened.value.meanLogProb;
  if (state.value.data.from === "energy")
    return judgment.value?.divergence.mean ?? -(history.value.at(-1)?.heldOutLogProb ?? Number.NaN);
  const heldOut = snapshot.value?.heldOut;
  if (phase.value === "done" && heldOut?.length)
    return heldOut.reduce((sum, value) => sum + value, 0) / heldOut.length;
  return history.value.at(-1)?.heldOutLogProb ?? Number.NaN;
}

/** Of what a score is. */
function unitOf({ opened }: Run): string {
  if (opened.value?.view)
    return "nats: the mean log-density of points that the model draws itself; points like those that it was fitted to have about as much";
  if (opened.value)
    return "nats per point of the page: the mean log-density by the opened model, higher is better";
  return state.value.data.from === "energy"
    ? "nats of divergence of the flow from the target: 0 is perfect"
    : "nats per held-out point: the mean log-density, higher is better";
}

function Scores({ shown }: { readonly shown: readonly Run[] }) {
  const [first] = shown;
  if (shown.length === 1)
    return (
      <p class="score">
        <b>{written(scoreOf(first!))}</b>
        <span>{unitOf(first!)}</span>
      </p>
    );
  return (
    <>
      <Each
        shown={shown}
        isNamed
        of={(run) => (
          <p class="score">
            <b>{written(scoreOf(run))}</b>
          </p>
        )}
      />
      <p class="note">
        {unitOf(first!)}
        {first!.opened.value && `; of the flow beside it ${unitOf(shown[1]!)}`}
      </p>
    </>
  );
}

/** Steps, and how many a second; on how many threads is said from the beginning. Nothing of a kind without steps. */
function Steps({ run }: { readonly run: Run }) {
  const last = run.history.value.at(-1);
  const threads = run.threads.value || threadsFor("points");
  // What is fitted at once has none, or no more than a few that are no steps of a training.
  if (!run.choice.value || !isLive(run.choice.value.kind)) return null;
  return (
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
          {last && Number.isFinite(last.rate) ? Math.round(last.rate) : "–"}
          <small>on {threads === 1 ? "1 thread" : `${threads} threads`}</small>
        </dd>
      </div>
    </dl>
  );
}

/** Which of two flows is ahead: the verdict, by how much, and what that says, each at its place however long they are. */
function Ahead({ shown: [first, second] }: { readonly shown: readonly [Run, Run] }) {
  const [a, b] = [first.snapshot.value?.heldOut, second.snapshot.value?.heldOut];
  const [ofFirst, ofSecond] = [first.judgment.value?.divergence, second.judgment.value?.divergence];
  const isEnergy = state.value.data.from === "energy";
  const difference = isEnergy
    ? // Of a divergence less is better.
      ofFirst && ofSecond && differenceOfMeans(ofSecond, ofFirst)
    : a && b && pairedDifference(a, b);
  if (first.opened.value?.view)
    return (
      <div class="ahead">
        <p>The two are of other points: there is nothing to compare.</p>
      </div>
    );
  if (!difference)
    return (
      <div class="ahead">
        <p>Which one is ahead is said here, as soon as both have a score.</p>
      </div>
    );
  const { ahead, standardError, isShown } = difference;
  const isOver = first.phase.value === "done" && second.phase.value === "done";
  const basis = isEnergy ? "their samples" : `${a!.length} held-out points`;
  const better = isEnergy ? "nearer to the target" : "ahead";
  const verdict = isShown
    ? `${nameOf(ahead > 0 ? first : second)} is ${better}`
    : `No difference that ${basis} could show`;
  const byHowMuch = `${written(Math.abs(ahead))} ± ${written(standardError)} nats${isEnergy ? "" : " a point"}`;
  return (
    <div class="ahead" data-testid="ahead">
      <p>
        <b>{verdict}</b>
      </p>{" "}
      <p>{`${isShown ? "by " : ""}${byHowMuch}${isOver ? "" : ", so far"}`}</p>{" "}
      <p class="note">
        {isEnergy
          ? "Behind ± is the standard error of the difference."
          : `The mean of the differences point by point, on the same ${basis}; behind ± is its standard error, and below two of them it may be chance.`}
        {first.opened.value && " The opened model may have been trained on these points."}
      </p>
    </div>
  );
}

/** What the points score by what needs no training. */
function References({ run }: { readonly run: Run }) {
  const reference = run.reference.value;
  const isOfSet = state.value.data.from === "set";
  return (
    <>
      <dl>
        <div>
          <dt>A plain Gaussian</dt>
          <dd data-testid="gaussian">{written(reference?.gaussian ?? Number.NaN)}</dd>
        </div>
        {isOfSet && (
          <div>
            <dt>Best possible</dt>
            <dd data-testid="law">{written(reference?.law ?? Number.NaN)}</dd>
          </div>
        )}
      </dl>
      <p class="note">
        {isOfSet
          ? "What the same points score by a Gaussian that is fitted to the others, and by the density that all were drawn from. No flow does better than that one, but by luck: the nearer, the better the fit."
          : "What the same points score by a Gaussian that is fitted to the others: a good flow is well above it."}
      </p>
    </>
  );
}

/** What is said of each flow; where there are two, under the line of its curve, and once under its name. */
function Each(props: {
  readonly shown: readonly Run[];
  readonly isNamed?: boolean;
  readonly of: (run: Run) => ComponentChildren;
}) {
  const { shown, isNamed = false, of } = props;
  if (shown.length === 1) return <>{of(shown[0]!)}</>;
  return (
    <div class="pair">
      {shown.map((run, i) => (
        <div key={i === 0 ? "first" : "beside"} class={i === 0 ? "" : "dashed"}>
          <h3>
            <span class={isNamed ? "" : "hidden"}>{nameOf(run)}</span>
          </h3>
          {of(run)}
        </div>
      ))}
    </div>
  );
}

export function Beside() {
  const isCompared = state.value.other !== undefined;
  const shown: readonly Run[] = isCompared ? runs : [runs[0]];
  const isNormal = shown.every((run) => run.isNormal.value);
  const isEnergy = state.value.data.from === "energy";
  const opened = runs[0].opened.value;
  const isOpened = opened !== undefined;
  const isTrained = shown.some((run) => run.choice.value !== undefined && isLive(run.choice.value.kind));
  const judgment = runs[0].judgment.value;
  const base = isNormal ? "The bell curve" : "The base";
  return (
    <div class="numbers">
      <h2>{isCompared ? "Compared" : nameOf(runs[0])}</h2>
      {isCompared && <Ahead shown={runs} />}
      <Scores shown={shown} />
      {opened?.view && (
        <div class="notes">
          <p>
            The table of this model is not in its file: the picture shows points that the model draws. Open
            its table, or another with the columns {opened.columns.join(" and ")}, to score the rows.
          </p>
          <OpenTable label="Open its table" onFile={(file) => void openTable(file, runs[0].file())} />
        </div>
      )}
      {(!isEnergy || isOpened) && !opened?.view && <References run={runs[0]} />}
      <p class="note">
        {isEnergy && !isOpened
          ? "The nat is the unit of natural logarithms."
          : `Log-densities are natural logarithms, and their unit is the nat: 1 nat more is a density 2.72 times as high.${opened ? "" : ` Held-out points are not trained on${isTrained ? "; at the end the state is kept that they score best" : ""}.`}`}
      </p>
      {(!isOpened || isCompared) && (
        <>
          <Curves shown={shown} />
          {!isEnergy && (
            <p class="note">
              Where the thin line goes on rising and the thick one does not, the flow learns its points by
              heart, and not the law behind them: more steps make it no better.
            </p>
          )}
          <Each shown={shown} of={(run) => <Steps run={run} />} />
        </>
      )}
      {isEnergy && !isOpened && (
        <>
          <h3>Can its samples stand for the target?</h3>
          <Each
            shown={shown}
            of={({ judgment: { value } }) => (
              <dl>
                <div>
                  <dt>k-hat</dt>
                  <dd>{value ? written(value.kHat, 2) : "–"}</dd>
                </div>
                <div>
                  <dt>Effective samples</dt>
                  <dd>{value ? `${Math.round(100 * value.effectiveShare)} %` : "–"}</dd>
                </div>
              </dl>
            )}
          />
          <p class="note">
            Each sample is weighed by target over flow. Below 0.7 the heaviest weights are tame, and averages
            by the weights can be relied on where the flow has samples; neither number sees a peak that the
            flow misses. The second number says how many equal samples those of the flow are worth.{" "}
            {`The integral of exp(−energy) is ${judgment ? written(Math.exp(judgment.logIntegral), 2) : "–"}.`}
          </p>
        </>
      )}
      {!opened?.view && (
        <>
          <h3>{isNormal ? "The data, made normal" : "The data in the base"}</h3>
          <Each shown={shown} of={(run) => <Latents run={run} />} />
          <p class="note">
            Each point sent back to the base{isNormal ? "" : ", which need not be a bell curve here"}. Of a
            good flow <span class="data">the bars</span> follow{" "}
            <span class="base">{isNormal ? "the bell curve" : "the curve of the base"}</span>
            {isNormal ? ", and the points are a round cloud without a pattern." : "."}
          </p>
        </>
      )}
      <h3>All probability is accounted for</h3>
      <Each
        shown={shown}
        of={({ snapshot: { value } }) => (
          <p class="mass">{value && isWhole(value) ? <Mass {...value} /> : "–"}</p>
        )}
      />
      <p class="note">
        {base} holds 1, and the map only moves it. The first number is the integral of the density over the
        picture. The second is the share of {isNormal ? "the bell curve" : "the base"} that lands outside of
        the picture. Each is computed for itself, as a sum over a grid. That they add up to 1 says that this
        is a density, not that it fits: it was so before the first step, too.
      </p>
    </div>
  );
}
