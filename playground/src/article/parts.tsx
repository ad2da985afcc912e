/** What the figures of the article have in common. */

import type { ComponentChildren } from "preact";

/** Size of a figure, in its own units. */
export const width = 640;
export const height = 240;

/** The standard normal density. */
export const normal = (z: number): number => Math.exp(-(z ** 2) / 2) / Math.sqrt(2 * Math.PI);

/** Places from one end to the other, both included. */
export function spaced(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + ((to - from) * i) / (count - 1));
}

/** Points of a line as an SVG path. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  return points
    .filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y))
    .map(([x, y], i) => `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`)
    .join("");
}

/** From an interval to places of a figure. */
export function scaled(from: number, to: number, start: number, end: number): (value: number) => number {
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** A figure with a question, and what answers it by being dragged. */
export function Figure(props: {
  readonly question: string;
  readonly picture: ComponentChildren;
  readonly controls: ComponentChildren;
  readonly answer: ComponentChildren;
}) {
  return (
    <figure class="live">
      <figcaption>{props.question}</figcaption>
      <svg viewBox={`0 0 ${width} ${height}`} role="img" aria-label={props.question}>
        {props.picture}
      </svg>
      <div class="row">{props.controls}</div>
      <p class="answer" aria-live="polite">
        {props.answer}
      </p>
    </figure>
  );
}

/** A name in a figure: of an axis, or of a curve in its color, so that no color has to be guessed. */
export function Label(props: {
  readonly x: number;
  readonly y: number;
  readonly tone?: "base" | "model" | "data";
  readonly end?: boolean;
  readonly children: ComponentChildren;
}) {
  const { x, y, tone = "", end = false, children } = props;
  return (
    <text x={x} y={y} class={tone} text-anchor={end ? "end" : "start"}>
      {children}
    </text>
  );
}

/** A slider with its name, and where it stands. */
export function Drag(props: {
  readonly label: string;
  readonly range: readonly [number, number];
  readonly step: number;
  readonly value: number;
  readonly onDrag: (value: number) => void;
}) {
  return (
    <label class="drag">
      <span>
        {props.label}: <b>{String(Number(props.value.toFixed(2))).replace("-", "−")}</b>
      </span>
      <input
        type="range"
        min={props.range[0]}
        max={props.range[1]}
        step={props.step}
        value={props.value}
        onInput={({ currentTarget }) => props.onDrag(currentTarget.valueAsNumber)}
      />
    </label>
  );
}
