/** What is fitted, and by what. */

import { useEffect, useState } from "preact/hooks";
import { type EnergyName, energies, formulaFunctions, longestFormula, wall } from "../data/energies.ts";
import { drawSet, pointSets, type SetName } from "../data/sets.ts";
import {
  bounds,
  type FlowChoice,
  families,
  fewestDrawn,
  firstState,
  flowOfKind,
  isLive,
  type KindName,
  type KindOnPage,
  kinds,
  mostDrawn,
} from "../state.ts";
import { change, isDrawing, runs, state } from "../store.ts";
import { openTable } from "../table/tableStore.ts";
import { OpenTable } from "./FileButton.tsx";
import { isAwaited, LinkRemark } from "./Picture.tsx";

/** Points of a set as dots of a path, on a sheet of 88 by 88. */
function dotsOf(name: SetName): string {
  const points = drawSet(name, 320, 1);
  const at = (value: number): string => (44 + 12 * value).toFixed(1);
  return Array.from(
    { length: points.length / 2 },
    (_, i) => `M${at(points[2 * i]!)} ${at(-points[2 * i + 1]!)}h0`,
  ).join("");
}

/** A small picture of a set: a path, as the main thread waits for what draws a canvas. */
function Thumbnail({ name }: { readonly name: SetName }) {
  const [dots, setDots] = useState("");
  const isDue = !isAwaited(runs[0]);
  useEffect(() => {
    if (!isDue || dots !== "") return;
    // Each in a task of its own.
    const timer = setTimeout(() => setDots(dotsOf(name)));
    return () => clearTimeout(timer);
  }, [name, dots, isDue]);
  return (
    <svg viewBox="0 0 88 88" class="dots" aria-hidden="true">
      <path d={dots} />
    </svg>
  );
}

function Data() {
  const { data } = state.value;
  // Of an opened model none of them may be the data; a click on one leads back to it.
  const isElsewhere = runs[0].opened.value?.view !== undefined;
  const drawing = data.from === "drawn";
  const drawn = drawing ? data.points.length / 2 : 0;
  return (
    <fieldset>
      <legend>Data</legend>
      <div class="tiles">
        {(Object.keys(pointSets) as SetName[]).map((name) => (
          <label class="tile" key={name} title={pointSets[name].label}>
            <input
              type="radio"
              name="data"
              checked={data.from === "set" && data.name === name && !isElsewhere}
              onChange={() => {
                isDrawing.value = false;
                change({ data: { from: "set", name, rows: 2000 } });
              }}
            />
            <Thumbnail name={name} />
            <span>{pointSets[name].label}</span>
          </label>
        ))}
        <label class="tile" title="Draw points of your own">
          <input
            type="radio"
            name="data"
            checked={drawing && !isElsewhere}
            onChange={() => {
              isDrawing.value = true;
              change({ data: { from: "drawn", points: [] }, at: 1 });
            }}
          />
          <svg viewBox="0 0 44 44" aria-hidden="true">
            <path d="M8 33c7-16 9-20 13-19s-2 15 3 15 5-13 12-17" />
          </svg>
          <span>Draw your own</span>
        </label>
      </div>
      <OpenTable label="Open a table" onFile={(file) => void openTable(file)} />
      <p class="note">CSV, Parquet, Arrow or JSON lines: choose one, drop it anywhere, or paste cells.</p>
      <LinkRemark part="data" />
      <EnergyFields />
      {drawing && (
        <div class="row">
          <button
            type="button"
            aria-pressed={isDrawing.value}
            onClick={() => (isDrawing.value = !isDrawing.value)}
          >
            {isDrawing.value ? "Stop drawing" : "Draw more"}
          </button>
          <button
            type="button"
            disabled={drawn === 0}
            onClick={() => change({ data: { from: "drawn", points: [] } })}
          >
            Clear
          </button>
          <span class="note drawn" role="status">
            {`${drawn} points${drawn < fewestDrawn ? `: draw at least ${fewestDrawn}` : ""}${
              drawn >= mostDrawn ? ": as many as a link holds" : ""
            }`}
          </span>
        </div>
      )}
    </fieldset>
  );
}

/** A formula to type: it is taken when somebody presses Enter or leaves the box, and until then a line says that it is not. */
function Formula(props: { readonly text: string; readonly onChoose: (formula: string) => void }) {
  const { text, onChoose } = props;
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  const take = (): void => {
    if (typed !== text) onChoose(typed);
  };
  const isWrong = runs[0].message.value !== "" && runs[0].place.value === "energy";
  return (
    <>
      <label class="field wide">
        <span>Energy of x and y; the density is exp(−energy), within a wall at ±{wall}</span>
        <textarea
          class="formula"
          rows={3}
          maxLength={longestFormula}
          value={typed}
          spellcheck={false}
          aria-invalid={isWrong}
          aria-describedby="formula-state"
          onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          onKeyDown={(event) => {
            // A longer formula has lines: those are made with the shift key.
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            take();
          }}
          onChange={take}
        />
      </label>
      <div class="of-formula">
        {isWrong && (
          <p class="refusal" role="alert">
            {runs[0].message.value}
          </p>
        )}
        <p class="note" id="formula-state" role="status">
          {typed !== text
            ? "Not taken yet: the picture is of the formula before. Press Enter to see this one."
            : isWrong
              ? "The picture is of the formula before."
              : "Enter takes what you type. Points of this density are shown, and not used."}
        </p>
      </div>
      <details class="note">
        <summary>What a formula can say</summary>
        Numbers, x, y, pi, e; + − * / ^, brackets, &lt; &gt; &lt;= &gt;= (1 or 0), a ? b : c. Functions:{" "}
        {formulaFunctions.join(", ")}.
      </details>
    </>
  );
}

/** A density that is known up to a constant, in place of points. */
function EnergyFields() {
  const { data } = state.value;
  const text = data.from === "energy" ? data.formula : "";
  const known = (Object.keys(energies) as EnergyName[]).find((name) => energies[name].formula === text);
  const choose = (formula: string): void => {
    // What Enter has taken over is not taken over once more when the field is left.
    if (formula === text) return;
    isDrawing.value = false;
    change({ data: { from: "energy", formula } });
  };
  return (
    <>
      <label class="field wide">
        <span>Or a density, given by a formula</span>
        <select
          value={data.from === "energy" ? (known ?? "own") : ""}
          onChange={({ currentTarget: { value } }) => {
            if (value === "own") choose("x^2 / 8 + (y - x^2 / 4)^2");
            else if (value !== "") choose(energies[value as EnergyName].formula);
            else change({ data: firstState.data });
          }}
        >
          <option value="">none</option>
          {(Object.keys(energies) as EnergyName[]).map((name) => (
            <option key={name} value={name}>
              {energies[name].label}
            </option>
          ))}
          <option value="own">a formula of your own</option>
        </select>
      </label>
      {data.from === "energy" && <Formula text={text} onChoose={choose} />}
    </>
  );
}

function Whole(props: {
  readonly label: string;
  readonly value: number;
  readonly range: readonly [number, number];
  readonly onChange: (value: number) => void;
}) {
  const [least, most] = props.range;
  return (
    <label class="field">
      <span>{props.label}</span>
      <input
        type="number"
        min={least}
        max={most}
        step={1}
        value={props.value}
        onChange={({ currentTarget }) => {
          const value = Math.round(Math.min(most, Math.max(least, currentTarget.valueAsNumber || least)));
          currentTarget.value = String(value);
          props.onChange(value);
        }}
      />
    </label>
  );
}

/** A choice of a flow with its sizes. */
function FlowFields(props: {
  readonly legend: string;
  readonly part: "flow" | "other";
  readonly flow: FlowChoice;
  readonly onChange: (flow: FlowChoice) => void;
}) {
  const { flow } = props;
  const about: KindOnPage = kinds[flow.kind];
  const all = Object.keys(kinds) as KindName[];
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      <label class="field wide">
        <span class="hidden">Kind of flow</span>
        <select
          value={flow.kind}
          onChange={({ currentTarget }) => props.onChange(flowOfKind(currentTarget.value as KindName))}
        >
          {families.map(([family, first], i) => (
            <optgroup key={family} label={family}>
              {all
                .slice(all.indexOf(first), families[i + 1] && all.indexOf(families[i + 1]![1]))
                .map((kind) => (
                  <option key={kind} value={kind}>
                    {kinds[kind].label}
                  </option>
                ))}
              {i === 0 && <option disabled>Circular spline flow: for tables of angles</option>}
            </optgroup>
          ))}
        </select>
      </label>
      <LinkRemark part={props.part} />
      {about.note && <p class="note">{about.note}</p>}
      {(about.depth || about.width) && (
        <div class="row">
          {about.depth && (
            <Whole
              label="Depth"
              value={flow.depth}
              range={bounds.depth}
              onChange={(depth) => props.onChange({ ...flow, depth })}
            />
          )}
          {about.width && (
            <Whole
              label="Width"
              value={flow.width}
              range={bounds.width}
              onChange={(width) => props.onChange({ ...flow, width })}
            />
          )}
        </div>
      )}
    </fieldset>
  );
}

export function Controls() {
  const { flow, other, steps, seed } = state.value;
  const phase = runs[0].phase.value;
  const isHeld = phase === "held";
  const hold = (): void => {
    for (const run of runs) if (run.choice.value && run.phase.value !== "done") run.hold(!isHeld);
  };
  const again = (): void => {
    for (const run of runs) if (run.choice.value) run.restart();
  };
  return (
    <section class="controls" aria-label="Choices">
      <Data />
      <FlowFields legend="Flow" part="flow" flow={flow} onChange={(chosen) => change({ flow: chosen })} />
      {other && (
        <FlowFields
          legend="Beside it"
          part="other"
          flow={other}
          onChange={(chosen) => change({ other: chosen })}
        />
      )}
      {!other && <LinkRemark part="other" />}
      <fieldset>
        <legend>Training</legend>
        <LinkRemark part="training" />
        <div class="row">
          {(isLive(flow.kind) || (other && isLive(other.kind))) && (
            <Whole
              label="Steps"
              value={steps}
              range={bounds.steps}
              onChange={(value) => change({ steps: value })}
            />
          )}
          <Whole
            label="Seed"
            value={seed}
            range={bounds.seed}
            onChange={(value) => change({ seed: value })}
          />
        </div>
        <div class="row even">
          <button type="button" disabled={phase !== "training" && !isHeld} onClick={hold}>
            {isHeld ? "Go on" : "Pause"}
          </button>
          <button type="button" onClick={again}>
            Train again
          </button>
          <button
            type="button"
            aria-pressed={other !== undefined}
            onClick={() =>
              change({
                other: other ? undefined : flowOfKind(flow.kind === "realnvp" ? "nsf-ar" : "realnvp"),
              })
            }
          >
            Compare
          </button>
        </div>
      </fieldset>
    </section>
  );
}
