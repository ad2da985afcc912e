/** One point, taken apart: where its log-density comes from. */

import { useEffect, useRef, useState } from "preact/hooks";
import { unitsOfData } from "../flow/protocol.ts";
import { probeAt } from "../picture/draw.ts";
import { change, nameOf, type Run, runs, state, viewOf } from "../store.ts";
import { addingUp, significant, written } from "./numbers.ts";
import { atStop } from "./where.ts";

function Coordinate({ axis }: { readonly axis: 0 | 1 }) {
  const value = state.value.probe[axis];
  const opened = runs[0].opened.value;
  // Far outside of the picture there is nothing to ask.
  const seen = viewOf(runs[0]);
  const [middle, reach] = [axis === 0 ? seen.x : seen.y, 10 * seen.half];
  const [least, most] = [middle - reach, middle + reach].map((bound) => Number(bound.toPrecision(2))) as [
    number,
    number,
  ];
  const [text, setText] = useState(value.toFixed(2));
  const input = useRef<HTMLInputElement>(null);
  // What is being typed stays as it is: "0" may be the beginning of "0.5".
  useEffect(() => {
    if (document.activeElement !== input.current) setText(value.toFixed(2));
  }, [value]);
  return (
    <label class="field">
      <span>{opened?.view ? opened.columns[axis] : "xy"[axis]}</span>
      <input
        ref={input}
        type="number"
        step={0.05}
        min={least}
        max={most}
        value={text}
        onBlur={() => setText(state.value.probe[axis].toFixed(2))}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          const typed = currentTarget.valueAsNumber;
          if (!(typed >= least && typed <= most)) return;
          const { probe } = state.value;
          change({ probe: axis === 0 ? [typed, probe[1]] : [probe[0], typed] });
        }}
      />
    </label>
  );
}

/** A summand of a log-density. */
interface Term {
  readonly name: string;
  readonly value: number;
  readonly tone: "base" | "step";
}

/** The terms of the log-density that a flow gives the probe; undefined while there are none. */
function termsOf(run: Run): readonly Term[] | undefined {
  const probed = run.probed.value;
  const stops = run.stops.value;
  if (!probed || probed.steps.length !== stops.length - 1) return undefined;
  const law = run.isNormal.value ? "the bell curve" : "its own density";
  return [
    { name: `base: log of ${law} at the point's place there`, value: probed.baseLogProb, tone: "base" },
    ...probed.steps.map((value, k): Term => ({ name: stops[k + 1]!, value, tone: "step" })),
  ];
}

/** The same as they are written: rounded so that they add up. */
const rounded = (terms: readonly Term[]): readonly Term[] => {
  const values = addingUp(terms.map(({ value }) => value));
  return terms.map((term, i) => ({ ...term, value: values[i]! }));
};

/** A number in its column; one with more letters is another, and begins elsewhere. */
function Value({ value, id }: { readonly value: number; readonly id?: string }) {
  const text = written(value);
  return (
    <td class="number" data-testid={id}>
      <span key={text.length}>{text}</span>
    </td>
  );
}

/** A log-density as the sum that it is, one table for each flow; bars of this length are full. */
function Terms({ run, full }: { readonly run: Run; readonly full: number }) {
  const exact = termsOf(run);
  const probed = run.probed.value;
  if (!exact || !probed) return null;
  const terms = rounded(exact);
  return (
    <table key={run.stops.value.join()}>
      <caption class="hidden">
        {`Terms of the log-density at (${probed.point.map((value) => Number(value.toFixed(2))).join(", ")}), in nats`}
      </caption>
      <tbody>
        {terms.map(({ name, value, tone }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td class="bar">
              <svg viewBox="-100 0 200 12" preserveAspectRatio="none" aria-hidden="true">
                <rect
                  class={tone}
                  x={Math.min(0, (100 * value) / full)}
                  y="0"
                  width={Math.abs((100 * value) / full) || 0}
                  height="12"
                />
              </svg>
            </td>
            <Value value={value} />
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr class="sum">
          <th scope="row">sum, which is log p</th>
          <td />
          <Value value={terms.reduce((total, { value }) => total + value, 0)} id="sum" />
        </tr>
        <tr class="note">
          <th scope="row">log p, by the density's own program</th>
          <td />
          <Value value={probed.logProb} id="log-prob" />
        </tr>
      </tfoot>
    </table>
  );
}

/** Whether the last map leads to the units of the data: nearly all flows end so, and one that is still to come is taken for such. */
const hasUnits = ({ stops }: Run): boolean => stops.value.length === 0 || stops.value.includes(unitsOfData);

/** By what a flow has stretched areas close to the probe, from the base to a place of the slider. */
function stretchOf(run: Run, at: number): number {
  const probed = run.probed.value;
  const steps = run.stops.value.length - 1;
  if (steps < 0 || probed?.steps.length !== steps) return Number.NaN;
  const place = at * steps;
  const stop = Math.round(place);
  // At a stop the terms of the steps before it say so, which are of the way back.
  if (Math.abs(place - stop) < atStop)
    return Math.exp(-probed.steps.slice(0, stop).reduce((sum, value) => sum + value, 0));
  const [a, b, c, d] = probeAt(probed, place).jacobian;
  return Math.abs(a * d - b * c);
}

export function Probe() {
  const shown = state.value.other ? runs : [runs[0]];
  const all = shown.flatMap((run) => (termsOf(run) ?? []).map(({ value }) => Math.abs(value)));
  const full = Math.max(1, ...all.filter(Number.isFinite));
  const areas = shown.map((run) => significant(stretchOf(run, state.value.at)));
  const factors = shown.map((run) => {
    const factor = stretchOf(run, 1);
    return `−log(${significant(factor)}) = ${written(-Math.log(factor))}`;
  });
  return (
    <section class="probe" aria-labelledby="probe-title">
      <h2 id="probe-title">The probe: one point, taken apart</h2>
      <div class="row">
        <Coordinate axis={0} />
        <Coordinate axis={1} />
      </div>
      <p>
        Drag the ring in the picture. The shape around it was a small square in the base, and is drawn as the
        flow has bent it so far: move the slider to see it on its way. Close to the ring the map stretches
        areas by one factor, and that is what its determinant says. No probability is lost on the way, so
        where areas grow by a factor, the density is divided by it.
      </p>
      <p>
        Each layer has its own factor. Factors multiply, and their logarithms add up: log p is the base's own
        log-density plus a term for each layer, and the terms of the layers together are minus the logarithm
        of the factor at the data. The terms stand in the order of the slider.
        {shown.some(hasUnits) &&
          " The last map is no part of the training: it shifts and scales each axis to the units that the points came in, so its term is the same everywhere."}
      </p>
      <dl>
        <div>
          <dt>Areas close to the ring are stretched by</dt>
          <dd>{areas.join(" and, beside it, ")}</dd>
        </div>
        <div>
          <dt>Together the terms of the layers are</dt>
          <dd>{factors.join(" and, beside it, ")}</dd>
        </div>
      </dl>
      {shown.map((run, i) => (
        <div key={i === 0 ? "first" : "beside"}>
          {shown.length > 1 && <h3>{nameOf(run)}</h3>}
          <Terms run={run} full={full} />
        </div>
      ))}
    </section>
  );
}
