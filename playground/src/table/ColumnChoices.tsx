/** What each column of a table is taken for. */

import { useEffect, useState } from "preact/hooks";
import { readings } from "../messages.ts";
import { angleKinds, angleOf, beyondOneTurn, type Range } from "./angles.ts";
import { type ColumnNote, type TableFacts, type TableKind, takesKinds } from "./protocol.ts";
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

/** Columns that are shown in one task. */
const atOnce = 12;

/** How many of some things are shown: a few more in each task, as hundreds at once would keep the page. */
function useMoreAndMore(count: number, of: unknown): number {
  const [shown, setShown] = useState({ of, count: atOnce });
  const current = shown.of === of ? shown.count : atOnce;
  useEffect(() => {
    if (current < count) setShown({ of, count: current + atOnce });
  }, [current, count, of]);
  return Math.min(count, current);
}

/** What a column is taken for: as it was found, or as somebody chooses. */
function ColumnChoice(props: {
  readonly name: string;
  readonly kind: TableKind;
  readonly range: Range | undefined;
  readonly note: ColumnNote | undefined;
}) {
  const { name, kind, range, note } = props;
  const looks = range && angleOf(range);
  const beyond = kind === "ncsf" && range ? beyondOneTurn(range, usedAs(kind, name)) : "";
  const choose = (what: string): void => {
    const { [name]: _, ...others } = taken.value;
    taken.value = what === "" ? others : { ...others, [name]: what };
  };
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <select
          aria-label={`What ${name} is taken for`}
          value={offeredTo(kind, taken.value[name] ?? "")}
          onChange={({ currentTarget }) => choose(currentTarget.value)}
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
}

/** What all columns are taken for. */
export function ColumnChoices({
  facts: { columns, ranges },
  kind,
}: {
  readonly facts: TableFacts;
  readonly kind: TableKind;
}) {
  const shown = useMoreAndMore(columns.length, columns);
  const noted = useMoreAndMore(columns.length, notes.value);
  const noteOf = new Map(notes.value.map((note) => [note.name, note]));
  return (
    <details class="notes" open>
      <summary>Columns, and what they are taken for</summary>
      <dl>
        {columns.slice(0, shown).map((name, i) => (
          <ColumnChoice
            key={name}
            name={name}
            kind={kind}
            range={ranges[name]}
            note={i < noted ? noteOf.get(name) : undefined}
          />
        ))}
      </dl>
    </details>
  );
}
