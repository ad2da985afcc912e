/** The slider that runs through the flow, from the base to the data. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { unitsOfData } from "../flow/protocol.ts";
import { layers } from "../state.ts";
import { change, runs, state } from "../store.ts";
import { wantsStillness } from "../theme.ts";
import { atStop, whereOf } from "./where.ts";

/** Time that a whole passage takes, in milliseconds. */
const passage = 5000;

/** In which direction it plays; 0 where it does not. */
const playing = signal<-1 | 0 | 1>(0);

function usePlaying(): void {
  const direction = playing.value;
  useEffect(() => {
    if (direction === 0) return;
    const stops = Math.max(1, runs[0].stops.peek().length - 1);
    const isStill = wantsStillness();
    let frame = 0;
    let last = performance.now();
    const next = (now: number): void => {
      const { at } = state.peek();
      const elapsed = now - last;
      const end = direction > 0 ? 1 : 0;
      // Who wants less motion sees the stops, and nothing in between.
      if (isStill && elapsed < passage / stops) {
        frame = requestAnimationFrame(next);
        return;
      }
      last = now;
      const moved = isStill
        ? Math.round(at * stops + direction) / stops
        : at + (direction * Math.min(elapsed, 100)) / passage;
      const value = Math.min(1, Math.max(0, moved));
      change({ at: value });
      if (value === end) playing.value = 0;
      else frame = requestAnimationFrame(next);
    };
    frame = requestAnimationFrame(next);
    return () => cancelAnimationFrame(frame);
  }, [direction]);
}

export function Slider() {
  usePlaying();
  const { at, shown } = state.value;
  const stops = runs[0].stops.value;
  const isNormal = runs[0].isNormal.value;
  // A model from a file may have a base of its own and maps behind it.
  const hasMaps = stops.slice(1).some((stop) => stop !== unitsOfData);
  const count = Math.max(1, stops.length - 1);
  const place = at * count;
  const where = stops.length > 1 ? whereOf(place, stops) : at === 1 ? "data" : "base";
  const isEnd = where === "base" || where === "data";
  const play = (direction: -1 | 1): void => {
    if (playing.value === direction) {
      playing.value = 0;
      return;
    }
    if (direction > 0 && at === 1) change({ at: 0 });
    if (direction < 0 && at === 0) change({ at: 1 });
    // What moves is seen: samples on the way to the data, the points on the way back.
    const [seen, unseen] = direction > 0 ? (["samples", "data"] as const) : (["data", "samples"] as const);
    change({
      shown: layers.filter((layer) => layer !== unseen && (layer === seen || shown.includes(layer))),
    });
    playing.value = direction;
  };
  return (
    <div class="slider">
      <button type="button" aria-pressed={playing.value === -1} onClick={() => play(-1)}>
        <span aria-hidden="true">◀</span> Normalize
      </button>
      <div class="track">
        <input
          type="range"
          aria-label="Place in the flow, from the base to the data"
          aria-valuetext={where}
          min={0}
          max={1}
          step={1 / (count * 20)}
          value={at}
          onInput={({ currentTarget }) => {
            playing.value = 0;
            change({ at: currentTarget.valueAsNumber });
          }}
        />
        <div class="ticks" aria-hidden="true">
          {Array.from({ length: count + 1 }, (_, stop) => (
            <i key={`${stop} of ${count}`} class={stop <= place + atStop ? "passed" : ""} />
          ))}
        </div>
        <div class="ends">
          <span class="base">base</span>
          {/* Another word has another place: it does not move there. */}
          <span key={where} class="where">
            {isEnd ? "" : where}
          </span>
          <span class="data">data</span>
        </div>
      </div>
      <button type="button" aria-pressed={playing.value === 1} onClick={() => play(1)}>
        Push forward <span aria-hidden="true">▶</span>
      </button>
      {isNormal || hasMaps ? (
        <p class="note">
          A flow has two parts: a <span class="base">base</span>, here{" "}
          {isNormal ? "a bell curve in two dimensions" : "not the usual bell curve but a density of its own"},
          and a <b>bijection</b>, the maps that the slider runs through, one after another. <b>A sample</b> is
          a point drawn from the {isNormal ? "bell curve" : "base"} and sent through all maps: Push forward
          shows 1,200 of them on their way. So the base becomes the <span class="model">density</span>. No two
          points land on one, so each map can be undone: Normalize sends the <span class="data">data</span>{" "}
          back{isNormal ? ", and they become normal" : " to the base"}. Within a contour of 95 % lies 95 % of
          the density's probability.
        </p>
      ) : (
        <p class="note">
          A flow has two parts: a <span class="base">base</span>, of this kind no bell curve but a sum of
          simpler densities that fits the points already, and a <b>bijection</b>, which here gives them the
          units of the <span class="data">data</span>, and nothing else. <b>A sample</b> is a point drawn from
          the base and sent through it: Push forward shows 1,200 of them.
        </p>
      )}
    </div>
  );
}
