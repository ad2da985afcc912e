/** What each column of a table is taken for. */

import { readings } from "../messages.ts";
import { angleKinds, angleOf, beyondOneTurn } from "./angles.ts";
import { type TableFacts, type TableKind, takesKinds } from "./protocol.ts";
import { leftOut, notes, taken, usedAs } from "./tableStore.ts";

/** What a column can be taken for, with what it is called. */
const columnKinds = {
  continuous: "continuous: any number",
  positive: "positive: a number above 0",
  integer: "integer: a whole number",
  categorical: "categorical: levels",
  ordinal: "ordinal: levels in order",
  boolean: "boolean: two levels",
  ...angleKinds,
  "date-time:day-month-year": "date, day first",
  "date-time:month-day-year": "date, month first",
  text: "free text, left out",
} as const;

/** What a kind of flow asks of columns: their kinds, whether they are angles, or nothing. */
const offeredBy = (kind: TableKind): Readonly<Record<string, string>> => {
  if (kind === "ncsf") return angleKinds;
  return takesKinds(kind) ? columnKinds : {};
};

/** A choice as a select shows it: what a kind of flow does not ask for is as found. */
const offeredTo = (kind: TableKind, what: string): string =>
  Object.hasOwn(columnKinds, what) && !Object.hasOwn(offeredBy(kind), what) ? "" : what;

/** What each column is taken for: as it was found, or as somebody chooses. */
export function ColumnChoices({
  facts: { columns, ranges },
  kind,
}: {
  readonly facts: TableFacts;
  readonly kind: TableKind;
}) {
  const noteOf = new Map(notes.value.map((note) => [note.name, note]));
  const choose = (name: string, what: string): void => {
    const { [name]: _, ...others } = taken.value;
    taken.value = what === "" ? others : { ...others, [name]: what };
  };
  return (
    <details class="notes" open>
      <summary>Columns, and what they are taken for</summary>
      <dl>
        {columns.map((name) => {
          const note = noteOf.get(name);
          const range = ranges[name];
          const looks = range && angleOf(range);
          const beyond = kind === "ncsf" && range ? beyondOneTurn(range, usedAs(kind, name)) : "";
          return (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <select
                  aria-label={`What ${name} is taken for`}
                  value={offeredTo(kind, taken.value[name] ?? "")}
                  onChange={({ currentTarget }) => choose(name, currentTarget.value)}
                >
                  <option value="">
                    {kind === "ncsf"
                      ? `as it looks: ${looks ? angleKinds[looks] : "no angle, left out"}`
                      : `as found${note ? `: ${note.use === "exclude" ? leftOut : note.kind}` : ""}`}
                  </option>
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
                      {Object.entries(offeredBy(kind)).map(([what, label]) => (
                        <option key={what} value={what}>
                          {label}
                        </option>
                      ))}
                    </optgroup>
                  )}
                </select>
                {beyond && <small class="refusal">{beyond}</small>}
                <small>
                  {note ? `${note.kind}${note.use === "exclude" ? `, ${leftOut}` : ""}; ${note.values}` : ""}
                </small>
              </dd>
            </div>
          );
        })}
      </dl>
    </details>
  );
}
