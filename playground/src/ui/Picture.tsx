/** The picture of a flow. */

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Place, Square } from "../flow/protocol.ts";
import { colorsOf, probeAt, type Scene } from "../picture/draw.ts";
import { lastStop, throughTo, viewAt } from "../picture/field.ts";
import { painterOf } from "../picture/painter.ts";
import { kinds, type LinkPart, layers, mostDrawn, onSheet } from "../state.ts";
import { brushAt, change, isDrawing, points, type Run, remarks, runs, state, viewOf } from "../store.ts";
import { theme } from "../theme.ts";

/** What the phases are called. */
const phases = {
  idle: "",
  compiling: "compiling",
  training: "training",
  held: "paused",
  done: "done",
  failed: "stopped",
} as const;

const labels = {
  density: "Density",
  contours: "Contours",
  data: "Data",
  samples: "Samples",
  grid: "Base grid",
} as const;
const tones = { density: "model", contours: "model", data: "data", samples: "model", grid: "base" } as const;

/** How far from the ring a finger still takes hold of it, in pixels. */
const fingertip = 32;

/** Points around a place, as a brush leaves them. */
function brush([x, y]: readonly [number, number]): number[] {
  return Array.from({ length: 4 }, () => {
    const [radius, angle] = [0.16 * Math.sqrt(-2 * Math.log(1 - Math.random())), 2 * Math.PI * Math.random()];
    return [onSheet(x + radius * Math.cos(angle)), onSheet(y + radius * Math.sin(angle))];
  }).flat();
}

/** The data of a run: those of an opened model may not be here. */
const pointsOf = (run: Run): Float64Array => (run.opened.value?.view ? new Float64Array(0) : points.value);

/** Whether a first picture of the flow is on its way: what else there is to draw would take the processor from it. */
export function isAwaited({ snapshot, isDue, phase }: Run): boolean {
  return snapshot.value === undefined && (isDue.value || phase.value === "compiling");
}

/** What is to be seen of a run. */
export const sceneOf = (run: Run): Scene => ({
  snapshot: run.snapshot.value,
  points: pointsOf(run),
  view: viewOf(run),
  at: state.value.at,
  shown: state.value.shown,
  probed: run.probed.value,
  brush: isDrawing.value ? brushAt.value : undefined,
});

/** Draws by the brush at a place, so many times over. */
function drawAt(place: readonly [number, number], times = 1): void {
  const { data } = state.value;
  if (data.from !== "drawn" || data.points.length >= 2 * mostDrawn) return;
  const added = Array.from({ length: times }, () => brush(place)).flat();
  change({ data: { from: "drawn", points: [...data.points, ...added].slice(0, 2 * mostDrawn) } });
}

/** Arrows move the probe, or the brush that the space bar draws with; with the shift key in longer steps. */
function press(event: KeyboardEvent): void {
  const directions: Readonly<Record<string, readonly [number, number]>> = {
    ArrowLeft: [-1, 0],
    ArrowRight: [1, 0],
    ArrowUp: [0, 1],
    ArrowDown: [0, -1],
  };
  const seen = viewOf(runs[0]);
  const from = isDrawing.value ? (brushAt.value ?? [seen.x, seen.y]) : state.value.probe;
  const direction = directions[event.key];
  if (direction) {
    const step = (seen.half / 60) * (event.shiftKey ? 6 : 1);
    const limited = (value: number, middle: number): number =>
      Math.min(middle + seen.half, Math.max(middle - seen.half, value));
    const to = [
      limited(from[0] + step * direction[0], seen.x),
      limited(from[1] + step * direction[1], seen.y),
    ] as const;
    if (isDrawing.value) brushAt.value = to;
    else change({ probe: to });
  } else if (isDrawing.value && (event.key === " " || event.key === "Enter")) {
    brushAt.value = from;
    drawAt(from, 3);
  } else return;
  event.preventDefault();
}

export function Picture({ run, isFirst = false }: { readonly run: Run; readonly isFirst?: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const element = canvas.current!;
    const painter = painterOf(element);
    let side = 0;
    let pixels = 0;
    let frame = 0;
    const paint = (): void => {
      cancelAnimationFrame(frame);
      const scene = sceneOf(run);
      void theme.value;
      frame = requestAnimationFrame(() => {
        if (side > 0) painter.paint(scene, side, pixels, colorsOf(document.documentElement));
      });
    };
    const observer = new ResizeObserver(([entry]) => {
      side = entry!.contentRect.width;
      pixels = Math.round(side * Math.min(3, devicePixelRatio));
      paint();
    });
    observer.observe(element);
    const dispose = effect(paint);
    return () => {
      dispose();
      observer.disconnect();
      cancelAnimationFrame(frame);
      painter.dispose();
    };
  }, [run]);

  const isSheet = isFirst && isDrawing.value;
  useEffect(() => {
    // On a small screen the sheet to draw on may be out of sight.
    if (isSheet) requestAnimationFrame(() => canvas.current?.scrollIntoView({ block: "nearest" }));
  }, [isSheet]);

  const place = (event: PointerEvent): readonly [number, number] => {
    const box = canvas.current!.getBoundingClientRect();
    const snapshot = run.snapshot.value;
    const seen: Square = snapshot ? viewAt(snapshot, state.value.at * lastStop(snapshot)) : viewOf(run);
    return [
      seen.x + seen.half * ((2 * (event.clientX - box.left)) / box.width - 1),
      seen.y - seen.half * ((2 * (event.clientY - box.top)) / box.height - 1),
    ];
  };
  const touch = (event: PointerEvent): void => {
    if (event.type === "pointermove" && !canvas.current!.hasPointerCapture(event.pointerId)) return;
    if (event.type === "pointerdown") canvas.current!.setPointerCapture(event.pointerId);
    const at = place(event);
    if (isDrawing.value && state.value.data.from === "drawn") {
      drawAt(at);
      return;
    }
    const snapshot = run.snapshot.value;
    const probe =
      snapshot && state.value.at < 1 ? throughTo(snapshot, state.value.at * lastStop(snapshot), at) : at;
    if (probe) change({ probe });
  };

  useEffect(() => {
    const element = canvas.current!;
    // A finger that moves up or down scrolls the page, except where it has taken hold of the ring.
    const hold = (event: TouchEvent): void => {
      const [snapshot, probed] = [run.snapshot.peek(), run.probed.peek()];
      const finger = event.touches[0];
      if (!snapshot || !probed || !finger) return;
      const at = state.peek().at * lastStop(snapshot);
      const seen = viewAt(snapshot, at);
      const { point } = probeAt(probed, at);
      const box = element.getBoundingClientRect();
      const x = box.left + (box.width / 2) * (1 + (point[0] - seen.x) / seen.half);
      const y = box.top + (box.height / 2) * (1 - (point[1] - seen.y) / seen.half);
      if (Math.hypot(finger.clientX - x, finger.clientY - y) < fingertip) event.preventDefault();
    };
    element.addEventListener("touchstart", hold, { passive: false });
    return () => element.removeEventListener("touchstart", hold);
  }, [run]);

  const choice = run.choice.value;
  const name = run.opened.value?.description ?? (choice ? kinds[choice.kind].label : "");
  const last = run.history.value.at(-1);
  const isDue = run.isDue.value;
  const phase = isDue ? phases.compiling : phases[run.phase.value];
  const count = pointsOf(run).length / 2;
  return (
    <figure class="picture">
      <figcaption>
        <b>{name}</b>
        {/* Said aloud is where the training is, and not every step. */}
        {isFirst && (
          <span class="hidden" role="status">
            {phase}
          </span>
        )}
        <span class="note" aria-hidden={isFirst}>
          {phase}
          {last && !isDue && run.phase.value === "training" && Number.isFinite(last.step)
            ? `: step ${last.step} of ${last.steps}`
            : ""}
        </span>
      </figcaption>
      <div class="frame">
        {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: one moves in it, so its keys are not for who reads the page aloud. */}
        <canvas
          ref={canvas}
          role="application"
          tabIndex={0}
          class={isDrawing.value ? "drawing" : "probing"}
          aria-label={`${count} points, and the density of the flow over them. ${
            isDrawing.value
              ? "Draw with mouse or finger, or move the brush with the arrow keys and draw with the space bar."
              : "Drag the probe or move it with the arrow keys, or type its place below."
          }`}
          onPointerDown={touch}
          onPointerMove={touch}
          onKeyDown={press}
          onBlur={() => (brushAt.value = undefined)}
        />
        <Message run={run} place="flow" />
        {isDrawing.value && count === 0 && (
          <p class="hint">Draw here with the mouse or a finger, or with arrow keys and space bar</p>
        )}
      </div>
    </figure>
  );
}

/** What the pictures show. */
export function Toggles() {
  const { shown } = state.value;
  return (
    <fieldset class="toggles" aria-label="Shown in the picture">
      {layers.map((layer) => (
        <label key={layer} class={`toggle ${tones[layer]}`}>
          <input
            type="checkbox"
            checked={shown.includes(layer)}
            onChange={({ currentTarget: { checked } }) =>
              change({
                shown: layers.filter((other) => (other === layer ? checked : shown.includes(other))),
              })
            }
          />
          {labels[layer]}
        </label>
      ))}
    </fieldset>
  );
}

/** What a link asked for that cannot be, where it belongs. */
export function LinkRemark({ part }: { readonly part: LinkPart }) {
  const remark = remarks.value[part];
  return remark ? (
    <p class="inline message" role="alert">
      {remark}
    </p>
  ) : null;
}

/** What went wrong, where it belongs. */
export function Message({ run, place }: { readonly run: Run; readonly place: Place }) {
  return run.message.value && run.place.value === place ? (
    <p class={place === "flow" ? "message" : "inline message"} role="alert">
      {run.message.value}
    </p>
  ) : null;
}
