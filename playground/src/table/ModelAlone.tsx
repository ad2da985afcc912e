/** A model whose table is not on the page: what it is of, and how rows come to be scored. */

import { OpenModel, OpenTable } from "../ui/FileButton.tsx";
import type { TableFacts } from "./protocol.ts";
import { closeTable, notes, openModel, openTable, stage } from "./tableStore.ts";
import { counted } from "./words.ts";

export function ModelAlone({ facts }: { readonly facts: TableFacts }) {
  const noteOf = new Map(notes.value.map((note) => [note.name, note]));
  const isBusy = stage.value !== "";
  return (
    <section class="controls" aria-label="Model">
      <div>
        <h2 class="file">{facts.name}</h2>
        <p class="note">
          A model of {counted(facts.columns.length, "column")}. The table that it was fitted to is not in its
          file: what is shown are rows that the model draws.
        </p>
      </div>
      <div>
        <p>
          Open the table, or another with these columns, or paste its cells: its rows are scored and ranked.
        </p>
        <div class="row">
          <OpenTable label="Open its table" disabled={isBusy} onFile={(file) => void openTable(file)} />
          <OpenModel disabled={isBusy} onFile={(file) => void openModel(file)} />
          <button type="button" onClick={closeTable}>
            Close model
          </button>
        </div>
        <p class="note" role="status">
          {stage.value}
        </p>
      </div>
      <div class="notes">
        <h3>Its columns</h3>
        <dl>
          {facts.columns.map((name) => {
            const note = noteOf.get(name);
            return (
              <div key={name}>
                <dt>{name}</dt>
                <dd>
                  <small>{note ? `${note.kind}; ${note.values}` : "a number"}</small>
                </dd>
              </div>
            );
          })}
        </dl>
      </div>
    </section>
  );
}
