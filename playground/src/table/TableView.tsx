/** A table of one's own: fitted, looked at, asked, and taken along. */

import { useEffect, useState } from "preact/hooks";
import { readings } from "../messages.ts";
import { inShell } from "../takeAlong.ts";
import { download } from "../ui/download.ts";
import { OpenModel } from "../ui/FileButton.tsx";
import { written } from "../ui/numbers.ts";
import { isWorthSeeing } from "./axis.ts";
import { PairPlot } from "./PairPlot.tsx";
import {
  type Cell,
  type Columns,
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
}: {
  readonly found: Ranking | undefined;
  readonly columns: readonly string[];
}) {
  const { strange = [], rows = 0, of = 0 } = found ?? {};
  return (
    <section class="strange" aria-labelledby="strange-title">
      <h2 id="strange-title">The strangest rows</h2>
      <p class="note">
        Ranked by the flow. Row numbers count from 1, the header left out; p is the probability that an
        ordinary row is at least as strange. Cells that are to blame are marked, with what is usual beside the
        other cells of the row.
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
              {columns.map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {strange.map(({ row, pValue, blame, cells }) => (
              <tr key={row}>
                <th scope="row">{row}</th>
                <td>{pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}</td>
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
    </section>
  );
}

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
  readonly onDrawn: (samples: Columns) => void;
}) {
  const { facts, fit } = props;
  const [rows, setRows] = useState(1000);
  const [column, setColumn] = useState("");
  const [value, setValue] = useState("");
  const [worth, setWorth] = useState<number | undefined>(undefined);
  const condition = column === "" || value === "" ? undefined : { column, value };
  const draw = async (isKept: boolean): Promise<void> => {
    const drawn = await ask(drawing, "sample", { rows, condition });
    setWorth(drawn?.worth);
    if (!drawn) return;
    props.onDrawn(drawn.shown);
    if (isKept) download("synthetic.csv", drawn.csv as Uint8Array<ArrayBuffer>, "text/csv");
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
        shows them at once. A value that few rows come near takes some seconds.
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
        {fit.canCondition && (
          <>
            <label class="field">
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
            <label class="field">
              <span>at</span>
              <input
                type="text"
                list="levels"
                value={value}
                disabled={column === ""}
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
        <button type="button" disabled={isBusy} onClick={() => void draw(false)}>
          Draw
        </button>
        <button type="button" disabled={!isDrawn} onClick={stop}>
          Stop
        </button>
        <button type="button" disabled={isBusy} onClick={() => void draw(true)}>
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
      <p class="note" role="status">
        {isDrawn ? `${drawing}: Stop ends it.` : worth === undefined || worth >= rows ? "" : wordsOf(worth)}
      </p>
      <p class="note">
        On the command line:{" "}
        <code>
          npx pushforward logprob model.safetensors {inShell(facts.name)}
          {fit.flags && ` ${fit.flags}`} --out scores.csv
        </code>
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
  const [drawn, setDrawn] = useState<Columns | undefined>(undefined);
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
        <PairPlot names={names} rows={facts.shown} samples={drawn ?? fit?.samples} />
        <p class="keys">
          <span class="data">rows of the table, below the diagonal</span>
          <span class="model">
            {fit ? "rows drawn from the flow, above" : "above: rows of the flow, when one is fitted"}
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
            {fit.warnings.map((line) => (
              <p key={line} class="note">
                {sentence(line)}
              </p>
            ))}
          </section>
          <Strange found={ranking.value} columns={facts.columns} />
          <Draw facts={facts} fit={fit} onDrawn={setDrawn} />
        </>
      )}
    </main>
  );
}
