/** What is fitted to a table, and how far it is. */

import { useState } from "preact/hooks";
import { OpenModel } from "../ui/FileButton.tsx";
import { written } from "../ui/numbers.ts";
import { ColumnChoices } from "./ColumnChoices.tsx";
import { besideTraining, toGo } from "./duration.ts";
import { isTrained, numberKinds, type TableFacts, type TableKind } from "./protocol.ts";
import {
  closeTable,
  doubtReading,
  fitTable,
  fitted,
  leftOut,
  openModel,
  progress,
  readDoubtful,
  stage,
  stop,
  usedAs,
} from "./tableStore.ts";
import { counted, sentence } from "./words.ts";

/** Numbers such as 1,234 mean this or that: it is asked once for all columns that have such. */
function Doubt({ columns, cell }: NonNullable<TableFacts["doubtful"]>) {
  return (
    <label class="field wide">
      <span>
        Numbers such as {cell} can be read in two ways, in {columns.join(", ")}
      </span>
      <select value={doubtReading()} onChange={({ currentTarget }) => readDoubtful(currentTarget.value)}>
        <option value="">choose one, or one for each column below</option>
        <option value="thousands">decimals follow a point, as in 1,234.5</option>
        <option value="decimal-comma">decimals follow a comma, as in 1.234,5</option>
      </select>
    </label>
  );
}

export function Fit({ facts }: { readonly facts: TableFacts }) {
  const [kind, setKind] = useState<TableKind>("columns");
  const [budget, setBudget] = useState(20);
  const isBusy = stage.value !== "";
  const at = progress.value;
  const slow = kind === "columns" ? besideTraining(facts.columns.length) : "";
  const hasColumns = facts.columns.some((name) => usedAs(kind, name) !== leftOut);
  return (
    <section class="controls" aria-label="Fit">
      <div>
        <h2 class="file">{facts.name}</h2>
        <p class="note">
          {counted(facts.rows, "row")}, {counted(facts.columns.length, "column")}. It stays on your machine.
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
        {slow && (
          <p class="note">
            {`${counted(facts.columns.length, "column")} take about ${slow} more: each is looked at by itself first, and rows of all are drawn in the end.`}
          </p>
        )}
        <div class="row">
          <button
            type="button"
            class="main"
            disabled={isBusy || !hasColumns}
            onClick={() => void fitTable(kind, budget)}
          >
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
        {kind === "ncsf" && (
          <p class={hasColumns ? "note" : "refusal"}>
            {hasColumns
              ? "It is of angles alone, which come round: columns that are none are left out. Choose below which are, and their turn."
              : "No column looks like an angle: choose below which are, and their turn."}
          </p>
        )}
        <div class="note under-way">
          <p role="status">{stage.value}</p>
          {!isBusy && isTrained(kind) && (
            <p>
              It ends sooner where rows that are held out score no better, and keeps the state that they score
              best.
            </p>
          )}
          <p>
            {at
              ? `${Math.round((100 * at.done) / at.of)} %, ${written(at.heldOutLogProb, 2)} nats per held-out row${toGo((performance.now() - at.since) / 1000, at.done - at.from, at.of - at.from)}`
              : ""}
          </p>
        </div>
        {/* Its place is kept, so that nothing moves when it comes and goes. */}
        <progress
          max={at?.of ?? 1}
          value={at?.done ?? 0}
          aria-label="Training"
          style={{ visibility: at ? "visible" : "hidden" }}
        />
      </fieldset>
      {facts.doubtful && <Doubt {...facts.doubtful} />}
      <ColumnChoices facts={facts} kind={kind} />
    </section>
  );
}
