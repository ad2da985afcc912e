/** The picture of a flow. */

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Square } from "../flow/protocol.ts";
import { colorsOf } from "../picture/draw.ts";
import { lastStop, throughTo, viewAt } from "../picture/field.ts";
import { painterOf } from "../picture/painter.ts";
import { kinds, layers, mostDrawn, onSheet } from "../state.ts";
import { change, isDrawing, points, type Run, state, view } from "../store.ts";
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

/** Points around a place, as a brush leaves them. */
function brush([x, y]: readonly [number, number]): number[] {
  return Array.from({ length: 4 }, () => {
    const [radius, angle] = [0.16 * Math.sqrt(-2 * Math.log(1 - Math.random())), 2 * Math.PI * Math.random()];
    return [onSheet(x + radius * Math.cos(angle)), onSheet(y + radius * Math.sin(angle))];
  }).flat();
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
      const scene = {
        snapshot: run.snapshot.value,
        points: points.value,
        view: view.value,
        at: state.value.at,
        shown: state.value.shown,
        probed: run.probed.value,
      };
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
    const seen: Square = snapshot ? viewAt(snapshot, state.value.at * lastStop(snapshot)) : view.value;
    return [
      seen.x + seen.half * ((2 * (event.clientX - box.left)) / box.width - 1),
      seen.y - seen.half * ((2 * (event.clientY - box.top)) / box.height - 1),
    ];
  };
  const touch = (event: PointerEvent): void => {
    if (event.type === "pointermove" && !canvas.current!.hasPointerCapture(event.pointerId)) return;
    if (event.type === "pointerdown") canvas.current!.setPointerCapture(event.pointerId);
    const at = place(event);
    const { data } = state.value;
    if (isDrawing.value && data.from === "drawn") {
      if (data.points.length < 2 * mostDrawn)
        change({ data: { from: "drawn", points: [...data.points, ...brush(at)].slice(0, 2 * mostDrawn) } });
      return;
    }
    const snapshot = run.snapshot.value;
    const probe =
      snapshot && state.value.at < 1 ? throughTo(snapshot, state.value.at * lastStop(snapshot), at) : at;
    if (probe) change({ probe });
  };

  const choice = run.choice.value;
  const name = run.opened.value || (choice ? kinds[choice.kind].label : "");
  const last = run.history.value.at(-1);
  const phase = phases[run.phase.value];
  const count = points.value.length / 2;
  return (
    <figure class="picture">
      <figcaption>
        <b>{name}</b>
        <span class="note" role={isFirst ? "status" : undefined}>
          {phase}
          {last && run.phase.value === "training" && Number.isFinite(last.step)
            ? `: step ${last.step} of ${last.steps}`
            : ""}
        </span>
      </figcaption>
      <div class="frame">
        <canvas
          ref={canvas}
          role="img"
          class={isDrawing.value ? "drawing" : "probing"}
          aria-label={`${count} points, and the density of the flow over them. ${
            isDrawing.value
              ? "Draw with mouse or finger."
              : "Drag to move the probe, or type its place below."
          }`}
          onPointerDown={touch}
          onPointerMove={touch}
        />
        {run.message.value && (
          <p class="message" role="alert">
            {run.message.value}
          </p>
        )}
        {isDrawing.value && count === 0 && <p class="hint">Draw here with the mouse or a finger</p>}
      </div>
      {isFirst && (
        <fieldset class="toggles" aria-label="Shown in the picture">
          {layers.map((layer) => {
            const { shown } = state.value;
            return (
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
            );
          })}
        </fieldset>
      )}
    </figure>
  );
}
