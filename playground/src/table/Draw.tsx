/** Rows that the flow of a table draws, on request given a value; and its model file. */

import { useEffect, useState } from "preact/hooks";
import { wantsStillness } from "../theme.ts";
import { download } from "../ui/download.ts";
import type { Range } from "./angles.ts";
import { heldValue, whyFar, whyNotHeld } from "./heldValue.ts";
import type { Cell, Columns, Condition, FitFacts } from "./protocol.ts";
import { ask, drawTrouble, stage, stop } from "./tableStore.ts";
import { dataOf, givenText, syntheticName } from "./words.ts";

/** Most levels that are offered to hold a column at. */
const mostOffered = 50;

/** What is under way while rows are drawn. */
const drawing = "Drawing rows";

/** A value that many rows have: of numbers the one in the middle, of others the most frequent. */
function usualOf(cells: readonly Cell[]): string {
  const there = cells.filter((cell) => cell !== null);
  const numbers = there.filter((cell) => typeof cell === "number").toSorted((a, b) => a - b);
  if (numbers.length > there.length / 2) return String(numbers[numbers.length >> 1]);
  const counts = new Map<string, number>();
  for (const cell of there) counts.set(String(cell), (counts.get(String(cell)) ?? 0) + 1);
  return [...counts].reduce((most, next) => (next[1] > most[1] ? next : most), ["", 0] as const)[0];
}

/** Rows that are worth less than so many independent ones. */
const wordsOf = (worth: number): string =>
  `Few rows of the flow come near this value: those drawn are worth about ${Math.max(1, Math.round(worth)).toLocaleString("en")} different ones. Hold a more usual value, or fit for longer.`;

/** Words of a column that can be offered: few levels, and no numbers. */
function levelsOf(cells: readonly Cell[]): readonly string[] {
  const levels = new Set(cells.filter((cell) => typeof cell === "string"));
  return levels.size > 0 && levels.size <= mostOffered ? [...levels].sort() : [];
}

/** Rows that were drawn, and what they were given. */
export interface Drawn {
  readonly shown: Columns;
  readonly csv: Uint8Array;
  readonly rows: number;
  readonly condition: Condition | undefined;
  readonly worth: number | undefined;
}

/** Brings the pair plot to where it is seen. */
const seePlot = (): void =>
  document
    .querySelector(".pairs")
    ?.scrollIntoView({ block: "center", behavior: wantsStillness() ? "auto" : "smooth" });

/** Seconds since it was first shown. */
function Seconds() {
  const [seconds, setSeconds] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setSeconds((before) => before + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <>{seconds} s so far</>;
}

export function Draw(props: {
  /** Cells of the table, or where it is not here of the flow: they say which values are usual. */
  readonly cells: Columns;
  /** From where to where the numbers of the table go. */
  readonly ranges: Readonly<Record<string, Range>>;
  readonly isAlone: boolean;
  readonly fit: FitFacts;
  readonly drawn: Drawn | undefined;
  readonly onDrawn: (drawn: Drawn) => void;
}) {
  const { cells, ranges, isAlone, fit, drawn } = props;
  const [rows, setRows] = useState(1000);
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const schema = fit.held.find(({ name }) => name === column);
  const condition = schema && { column, value: heldValue(schema, value) };
  // What cannot be is said while it is written; what the flow has refused, until something else is asked for.
  const refusal = (schema && whyNotHeld(schema, value)) ?? drawTrouble.value;
  const caution = (schema && refusal === "" && whyFar(schema, value, ranges[column])) || "";
  const isShown = drawn?.rows === rows && givenText(drawn.condition) === givenText(condition);
  useEffect(() => {
    drawTrouble.value = "";
  }, [rows, column, value]);
  const draw = async (): Promise<Drawn | undefined> => {
    const found = await ask(drawing, "sample", { rows, condition }, drawTrouble);
    if (!found) return undefined;
    const next = { ...found, rows, condition };
    props.onDrawn(next);
    return next;
  };
  const keep = async (): Promise<void> => {
    const kept = isShown ? drawn : await draw();
    if (kept) download(syntheticName(kept.condition), kept.csv as Uint8Array<ArrayBuffer>, "text/csv");
  };
  const take = async (): Promise<void> => {
    const bytes = await ask("Writing the model", "take", {});
    if (bytes) download("model.safetensors", bytes as Uint8Array<ArrayBuffer>, "application/octet-stream");
  };
  const isBusy = stage.value !== "";
  const isDrawn = stage.value === drawing;
  const isSaid = drawn !== undefined && !isDrawn && refusal === "";
  return (
    <section class="take" aria-labelledby="draw-title">
      <h2 id="draw-title">Rows like yours</h2>
      <p class="note">
        Synthetic rows in the table's own types. Hold a column at a value to draw rows given it: the picture
        shows them at once. A value that few rows come near takes some seconds.
        {isAlone ? "" : " The file is written as the table is: its delimiter, its decimal mark, its dates."}
      </p>
      <div class="row">
        <label class="field">
          <span>Rows</span>
          <input
            type="number"
            min={1}
            max={100_000}
            value={rows}
            onChange={({ currentTarget }) =>
              setRows(Math.round(Math.min(100_000, Math.max(1, currentTarget.valueAsNumber || 1))))
            }
          />
        </label>
        {fit.held.length > 0 && (
          <>
            <label class="field held">
              <span>Hold</span>
              <select
                value={column}
                onChange={({ currentTarget }) => {
                  setColumn(currentTarget.value);
                  setValue(usualOf(cells[currentTarget.value] ?? []));
                }}
              >
                <option value="">nothing</option>
                {fit.columns.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
            <label class="field held">
              <span>at</span>
              <input
                type="text"
                list="levels"
                value={value}
                disabled={column === ""}
                aria-invalid={refusal !== ""}
                aria-describedby="caution drawn"
                onInput={({ currentTarget }) => setValue(currentTarget.value)}
              />
              <datalist id="levels">
                {levelsOf(cells[column] ?? []).map((level) => (
                  <option key={level} value={level} />
                ))}
              </datalist>
            </label>
          </>
        )}
        <button type="button" disabled={isBusy || refusal !== ""} onClick={() => void draw()}>
          Draw
        </button>
        <button type="button" disabled={!isDrawn} onClick={stop}>
          Stop
        </button>
        <button type="button" disabled={isBusy || refusal !== ""} onClick={() => void keep()}>
          Download synthetic rows
        </button>
        <button type="button" disabled={isBusy} onClick={() => void take()}>
          Download model
        </button>
      </div>
      <p id="caution" class="refusal" role="status">
        {caution}
      </p>
      <div class="drawn">
        <p id="drawn" class={refusal === "" ? "note" : "refusal"} role="status">
          {isDrawn ? `${drawing}: Stop ends it. ` : refusal}
          {isDrawn && (
            <span aria-hidden="true">
              <Seconds />
            </span>
          )}
          {isSaid && (
            <>
              {drawn.rows.toLocaleString("en")} rows{givenText(drawn.condition)} are in the picture.{" "}
              {drawn.worth !== undefined && drawn.worth < drawn.rows && wordsOf(drawn.worth)}
            </>
          )}
        </p>
        <button type="button" class={`quiet${isSaid ? "" : " absent"}`} onClick={seePlot}>
          See them
        </button>
      </div>
      <p class="note">
        Log-densities on the command line:{" "}
        <code>npx pushforward logprob model.safetensors {dataOf(fit)} --out scores.csv</code>
      </p>
    </section>
  );
}
