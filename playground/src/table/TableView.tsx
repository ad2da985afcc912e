/** A table of one's own: fitted, looked at, asked, and taken along. */

import { useEffect, useState } from "preact/hooks";
import { readings } from "../messages.ts";
import { inShell } from "../takeAlong.ts";
import { wantsStillness } from "../theme.ts";
import { download } from "../ui/download.ts";
import { OpenModel } from "../ui/FileButton.tsx";
import { written } from "../ui/numbers.ts";
import { isWorthSeeing } from "./axis.ts";
import { heldValue, whyNotHeld } from "./heldValue.ts";
import { PairPlot } from "./PairPlot.tsx";
import {
  type Cell,
  type Columns,
  type Condition,
  type FitFacts,
  isTrained,
  numberKinds,
  type Ranking,
  type TableFacts,
  type TableKind,
  takesKinds,
} from "./protocol.ts";
import {
  ask,
  closeTable,
  drawTrouble,
  fitTable,
  fitted,
  leftOut,
  notes,
  openModel,
  progress,
  ranking,
  stage,
  stop,
  table,
  taken,
} from "./tableStore.ts";

/** What a column can be taken for, with what it is called; the first of angles has the period that most have. */
const columnKinds = {
  continuous: "continuous: any number",
  positive: "positive: a number above 0",
  integer: "integer: a whole number",
  categorical: "categorical: levels",
  ordinal: "ordinal: levels in order",
  boolean: "boolean: two levels",
  "angle:360": "angle in degrees",
  "angle:6.283185307179586": "angle in radians",
  "angle:24": "hour of the day",
  "date-time:day-month-year": "date, day first",
  "date-time:month-day-year": "date, month first",
  text: "free text, left out",
} as const;

/** Most columns of a pair plot: more cannot be told apart. */
const mostPairs = 5;

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

/** What the mean log-density is made of, where not of densities alone. */
const measureWords = ({ columns, counted }: FitFacts): string =>
  columns.length === counted.length
    ? "All columns have levels or steps: it is the logarithm of a probability."
    : `Of ${counted.join(", ")} it counts the probability of a value, as they have levels or steps; of the others a density. So it compares flows of the same columns alone.`;

/** A line of the library as a sentence. */
const sentence = (line: string): string => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`;

/** Words of a column that can be offered: few levels, and no numbers. */
function levelsOf(cells: readonly Cell[]): readonly string[] {
  const levels = new Set(cells.filter((cell) => typeof cell === "string"));
  return levels.size > 0 && levels.size <= mostOffered ? [...levels].sort() : [];
}

/** A cell as it is written. */
const cellText = (cell: Cell | undefined): string => {
  if (cell === null || cell === undefined) return "missing";
  return typeof cell === "number" ? String(Number(cell.toPrecision(6))).replace("-", "−") : cell;
};

function Fit({ facts }: { readonly facts: TableFacts }) {
  const [kind, setKind] = useState<TableKind>("columns");
  const [budget, setBudget] = useState(20);
  const isBusy = stage.value !== "";
  const at = progress.value;
  return (
    <section class="controls" aria-label="Fit">
      <div>
        <h2 class="file">{facts.name}</h2>
        <p class="note">
          {facts.rows.toLocaleString("en")} rows, {facts.columns.length} columns. It stays on your machine.
        </p>
        {facts.remarks.map((line) => (
          <p key={line} class="note">
            {sentence(line)}
          </p>
        ))}
      </div>
      <fieldset>
        <legend>Flow</legend>
        <label class="field wide">
          <span class="hidden">Kind of flow for the table</span>
          <select value={kind} onChange={({ currentTarget }) => setKind(currentTarget.value as TableKind)}>
            <option value="columns">Mixed columns, any conditions</option>
            <optgroup label="Numbers alone">
              {Object.entries(numberKinds).map(([name, label]) => (
                <option key={name} value={name}>
                  {label}
                </option>
              ))}
            </optgroup>
          </select>
        </label>
        {isTrained(kind) && (
          <label class="field">
            <span>Seconds of training</span>
            <input
              type="number"
              min={1}
              max={3600}
              value={budget}
              onChange={({ currentTarget }) =>
                setBudget(Math.min(3600, Math.max(1, currentTarget.valueAsNumber || 1)))
              }
            />
          </label>
        )}
        <div class="row">
          <button type="button" class="main" disabled={isBusy} onClick={() => void fitTable(kind, budget)}>
            {fitted.value ? "Fit again" : "Fit"}
          </button>
          <button type="button" disabled={!at} onClick={stop}>
            Stop and keep
          </button>
          <OpenModel disabled={isBusy} onFile={(file) => void openModel(file)} />
          <button type="button" onClick={closeTable}>
            Close table
          </button>
        </div>
        <p class="note">
          <span role="status">{stage.value}</span>
          {at
            ? `: ${Math.round((100 * at.done) / at.of)} %, ${written(at.heldOutLogProb, 2)} nats per held-out row`
            : ""}
        </p>
        {/* Its place is kept, so that nothing moves when it comes and goes. */}
        <progress
          max={at?.of ?? 1}
          value={at?.done ?? 0}
          aria-label="Training"
          style={{ visibility: at ? "visible" : "hidden" }}
        />
      </fieldset>
      <ColumnChoices names={facts.columns} kind={kind} />
    </section>
  );
}

/** A choice as a select shows it: what a kind of flow does not ask for is as found. */
const offeredTo = (kind: TableKind, what: string): string =>
  takesKinds(kind) || !Object.hasOwn(columnKinds, what) ? what : "";

/** What each column is taken for: as it was found, or as somebody chooses. */
function ColumnChoices({ names, kind }: { readonly names: readonly string[]; readonly kind: TableKind }) {
  const noteOf = new Map(notes.value.map((note) => [note.name, note]));
  const choose = (name: string, what: string): void => {
    const { [name]: _, ...others } = taken.value;
    taken.value = what === "" ? others : { ...others, [name]: what };
  };
  return (
    <details class="notes" open>
      <summary>Columns, and what they are taken for</summary>
      <dl>
        {names.map((name) => {
          const note = noteOf.get(name);
          return (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <select
                  aria-label={`What ${name} is taken for`}
                  value={offeredTo(kind, taken.value[name] ?? "")}
                  onChange={({ currentTarget }) => choose(name, currentTarget.value)}
                >
                  <option value="">as found</option>
                  <option>{leftOut}</option>
                  <optgroup label="read so that">
                    {Object.entries(readings).map(([what, label]) => (
                      <option key={what} value={what}>
                        {label}
                      </option>
                    ))}
                  </optgroup>
                  {takesKinds(kind) && (
                    <optgroup label="taken for">
                      {Object.entries(columnKinds).map(([what, label]) => (
                        <option key={what} value={what}>
                          {label}
                        </option>
                      ))}
                    </optgroup>
                  )}
                </select>
                {note && (
                  <small>
                    {note.kind}
                    {note.use === "exclude" ? `, ${leftOut}` : ""}; {note.values}
                  </small>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}

function Strange({
  found,
  columns,
  facts,
}: {
  readonly found: Ranking | undefined;
  readonly columns: readonly string[];
  readonly facts: FitFacts;
}) {
  const { strange = [], rows = 0, of = 0 } = found ?? {};
  return (
    <section class="strange" aria-labelledby="strange-title">
      <h2 id="strange-title">The strangest rows</h2>
      <p class="note">
        Each row is held against rows that the flow draws
        {facts.held.length > 0
          ? ": the farther away the nearest of them are, over all columns, the stranger it is. Log-densities of mixed columns do not rank so."
          : ", by how far away the nearest of them are and by its log-density."}{" "}
        p is the share of rows of the flow that are at least as strange. Cells to blame are marked, with their
        share of the blame and what is usual beside the other cells. Row numbers count from 1, the header left
        out.
      </p>
      <p class="note" role="status">
        {rows === of
          ? found
            ? ""
            : "Drawing ordinary rows to hold them against."
          : `${rows.toLocaleString("en")} of ${of.toLocaleString("en")} rows so far.`}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Strangest rows, a table that scrolls">
        <table>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col">p</th>
              <th scope="col">Log-density</th>
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {strange.map(({ row, pValue, logProb, blame, cells }) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                <td>{pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}</td>
                <td>{logProb === undefined ? "" : written(logProb, 2)}</td>
                {columns.map((name) => {
                  const guilty = blame.find(({ column, share }) => column === name && share >= 0.15);
                  return (
                    <td key={name} class={guilty ? "guilty" : ""}>
                      {cellText(cells[name])}
                      {guilty && (
                        <small>
                          {Math.round(100 * guilty.share)} %
                          {guilty.expected === undefined || guilty.expected === cells[name]
                            ? ""
                            : `, usual ${cellText(guilty.expected)}`}
                        </small>
                      )}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p class="note">
        All rows on the command line:{" "}
        <code>npx pushforward anomalies model.safetensors {dataOf(facts)} --seed 1 --out strange.csv</code>
      </p>
    </section>
  );
}

/** The table on the command line, read as it was here. */
const dataOf = ({ flags }: FitFacts): string =>
  `${inShell(table.value?.name ?? "table.csv")}${flags && ` ${flags}`}`;

/** Rows that were drawn, and what they were given. */
interface Drawn {
  readonly shown: Columns;
  readonly csv: Uint8Array;
  readonly rows: number;
  readonly condition: Condition | undefined;
  readonly worth: number | undefined;
}

const givenText = (condition: Condition | undefined): string =>
  condition ? ` given ${condition.column} = ${condition.value}` : "";

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

function Draw(props: {
  readonly facts: TableFacts;
  readonly fit: FitFacts;
  readonly drawn: Drawn | undefined;
  readonly onDrawn: (drawn: Drawn) => void;
}) {
  const { facts, fit, drawn } = props;
  const [rows, setRows] = useState(1000);
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const schema = fit.held.find(({ name }) => name === column);
  const condition = schema && { column, value: heldValue(schema, value) };
  // What cannot be is said while it is written; what the flow has refused, until something else is asked for.
  const refusal = (schema && whyNotHeld(schema, value)) ?? drawTrouble.value;
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
    if (kept) download("synthetic.csv", kept.csv as Uint8Array<ArrayBuffer>, "text/csv");
  };
  const take = async (): Promise<void> => {
    const bytes = await ask("Writing the model", "take", {});
    if (bytes) download("model.safetensors", bytes as Uint8Array<ArrayBuffer>, "application/octet-stream");
  };
  const isBusy = stage.value !== "";
  const isDrawn = stage.value === drawing;
  return (
    <section class="take" aria-labelledby="draw-title">
      <h2 id="draw-title">Rows like yours</h2>
      <p class="note">
        Synthetic rows in the table's own types. Hold a column at a value to draw rows given it: the picture
        shows them at once. A value that few rows come near takes some seconds. The file is written as the
        table is: its delimiter, its decimal mark, its dates.
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
                  setValue(usualOf(facts.shown[currentTarget.value] ?? []));
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
                aria-describedby="drawn"
                onInput={({ currentTarget }) => setValue(currentTarget.value)}
              />
              <datalist id="levels">
                {levelsOf(facts.shown[column] ?? []).map((level) => (
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
      {isDrawn && (
        <p class="note">
          <Seconds />
        </p>
      )}
      <p id="drawn" class={refusal === "" ? "note" : "refusal"} role="status">
        {isDrawn ? `${drawing}: Stop ends it.` : refusal}
        {!isDrawn && refusal === "" && drawn && (
          <>
            {drawn.rows.toLocaleString("en")} rows{givenText(drawn.condition)} are in the picture.{" "}
            {drawn.worth !== undefined && drawn.worth < drawn.rows && wordsOf(drawn.worth)}
          </>
        )}
      </p>
      {!isDrawn && refusal === "" && drawn && (
        <div class="row">
          <button type="button" class="quiet" onClick={seePlot}>
            See them
          </button>
        </div>
      )}
      <p class="note">
        Log-densities on the command line:{" "}
        <code>npx pushforward logprob model.safetensors {dataOf(fit)} --out scores.csv</code>
      </p>
    </section>
  );
}

/** Columns that are seen at first: such as say something. */
function seenFirst(columns: readonly string[], { shown }: TableFacts): readonly string[] {
  const seen = columns.filter((name) => isWorthSeeing(shown[name] ?? []));
  return (seen.length > 0 ? seen : columns).slice(0, 3);
}

export function TableView() {
  const facts = table.value!;
  const fit = fitted.value;
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [drawn, setDrawn] = useState<Drawn | undefined>(undefined);
  const names = chosen.filter((name) => facts.columns.includes(name));
  useEffect(() => {
    setChosen(seenFirst(facts.columns, facts));
  }, [facts]);
  useEffect(() => {
    // What was drawn belongs to the flow before.
    setDrawn(undefined);
    // Columns that it has no density of say nothing beside those that it has.
    if (fit && names.some((name) => !fit.columns.includes(name))) setChosen(seenFirst(fit.columns, facts));
  }, [fit]);
  return (
    <main class="table-mode">
      <Fit facts={facts} />
      <section class="stage" aria-label="Pair plot">
        <fieldset class="toggles" aria-label="Columns of the pair plot">
          {facts.columns.slice(0, 40).map((name) => (
            <label key={name} class="toggle">
              <input
                type="checkbox"
                checked={names.includes(name)}
                disabled={!names.includes(name) && names.length >= mostPairs}
                onChange={({ currentTarget: { checked } }) =>
                  setChosen(
                    facts.columns.filter((other) => (other === name ? checked : names.includes(other))),
                  )
                }
              />
              {name}
            </label>
          ))}
        </fieldset>
        <PairPlot names={names} rows={facts.shown} samples={drawn?.shown ?? fit?.samples} />
        <p class="keys">
          <span class="data">rows of the table, below the diagonal</span>
          <span class="model">
            {fit
              ? `rows drawn from the flow${givenText(drawn?.condition)}, above`
              : "above: rows of the flow, when one is fitted"}
          </span>
        </p>
      </section>
      {fit && (
        <>
          <section class="numbers" aria-label="The fit">
            <p class="score">
              <b>{written(fit.logProb, 2)}</b>
              <span>
                nats: the mean log-density of {fit.scored}, higher is better. {fit.description}.
              </span>
            </p>
            {fit.counted.length > 0 && <p class="note">{measureWords(fit)}</p>}
            {fit.warnings.map((line) => (
              <p key={line} class="note">
                {sentence(line)}
              </p>
            ))}
          </section>
          <Draw facts={facts} fit={fit} drawn={drawn} onDrawn={setDrawn} />
          <Strange found={ranking.value} columns={facts.columns} facts={fit} />
        </>
      )}
    </main>
  );
}
