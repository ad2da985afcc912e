/** One point, taken apart: where its log-density comes from. */

import { useEffect, useRef, useState } from "preact/hooks";
import { probeAt } from "../picture/draw.ts";
import { change, runs, state } from "../store.ts";
import { written } from "./numbers.ts";

function Coordinate({ axis }: { readonly axis: 0 | 1 }) {
  const value = state.value.probe[axis];
  const [text, setText] = useState(value.toFixed(2));
  const input = useRef<HTMLInputElement>(null);
  // What is being typed stays as it is: "0" may be the beginning of "0.5".
  useEffect(() => {
    if (document.activeElement !== input.current) setText(value.toFixed(2));
  }, [value]);
  return (
    <label class="field">
      <span>{"xy"[axis]}</span>
      <input
        ref={input}
        type="number"
        step={0.05}
        value={text}
        onBlur={() => setText(state.value.probe[axis].toFixed(2))}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          const typed = currentTarget.valueAsNumber;
          if (!Number.isFinite(typed)) return;
          const { probe } = state.value;
          change({ probe: axis === 0 ? [typed, probe[1]] : [probe[0], typed] });
        }}
      />
    </label>
  );
}

export function Probe() {
  const run = runs[0];
  const probed = run.probed.value;
  const stops = run.stops.value;
  const isWhole = probed && probed.steps.length === stops.length - 1;
  const terms = isWhole
    ? [
        {
          name: run.isNormal.value
            ? "base: log of the bell curve at the point's place there"
            : "base: log of its own density at the point's place there",
          value: probed.baseLogProb,
          tone: "base",
        },
        ...probed.steps.map((value, k) => ({ name: stops[k + 1]!, value, tone: "step" })).reverse(),
      ]
    : [];
  const most = Math.max(1, ...terms.map(({ value }) => Math.abs(value)).filter(Number.isFinite));
  const sum = terms.reduce((total, { value }) => total + value, 0);
  const place = state.value.at * (stops.length - 1);
  const [a, b, c, d] = isWhole ? probeAt(probed, place).jacobian : [1, 0, 0, 1];
  return (
    <section class="probe" aria-labelledby="probe-title">
      <h2 id="probe-title">The probe: one point, taken apart</h2>
      <div class="row">
        <Coordinate axis={0} />
        <Coordinate axis={1} />
      </div>
      <p>
        Drag the ring in the picture. The square around it has area 1 in the base; here it has area{" "}
        <b class="number">{written(Math.abs(a * d - b * c), 2)}</b>, which is what a determinant is. No
        probability is lost on the way, so where areas grow by a factor, the density is divided by it. The
        factors of the layers multiply, and logarithms add: log p is the base's own log-density, plus the
        logarithm of what each layer does on the way back.
      </p>
      <table>
        <caption class="hidden">
          {isWhole ? `Terms of the log-density at (${probed.point.join(", ")}), in nats` : ""}
        </caption>
        <tbody>
          {terms.map(({ name, value, tone }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="bar">
                <svg viewBox="-100 0 200 12" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    class={tone}
                    x={Math.min(0, (100 * value) / most)}
                    y="0"
                    width={Math.abs((100 * value) / most) || 0}
                    height="12"
                  />
                </svg>
              </td>
              <td class="number">{written(value)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr class="sum">
            <th scope="row">sum, which is log p</th>
            <td />
            <td class="number" data-testid="sum">
              {isWhole ? written(sum) : "–"}
            </td>
          </tr>
          <tr class="note">
            <th scope="row">log p, by the density's own program</th>
            <td />
            <td class="number" data-testid="log-prob">
              {isWhole ? written(probed.logProb) : "–"}
            </td>
          </tr>
        </tfoot>
      </table>
    </section>
  );
}
