/** The rows of a table that are strangest to a flow. */

import { useState } from "preact/hooks";
import { written } from "../ui/numbers.ts";
import { about } from "./duration.ts";
import type { Cell, FitFacts, Ranking, StrangeRow } from "./protocol.ts";
import { dataOf } from "./words.ts";

/** The share of the blame from which on a cell is marked; the one with the largest always is. */
const leastBlame = 0.15;

/** Tables of more columns go on beyond the edge on most screens. */
const fewColumns = 8;
/** Of more columns those are shown that are to blame for a row. */
const mostColumns = 24;

/** The cells of a row that are to blame. */
const guiltyOf = ({ blame }: StrangeRow): StrangeRow["blame"] =>
  blame.filter(({ share }, i) => (i === 0 && share > 0) || share >= leastBlame);

/** A cell as it is written. */
const cellText = (cell: Cell | undefined): string => {
  if (cell === null || cell === undefined) return "missing";
  return typeof cell === "number" ? String(Number(cell.toPrecision(6))).replace("-", "−") : cell;
};

export function Strange({
  found,
  columns: all,
  facts,
}: {
  readonly found: Ranking | undefined;
  readonly columns: readonly string[];
  readonly facts: FitFacts;
}) {
  const [withMissing, setWithMissing] = useState(true);
  const { rows = 0, of = 0 } = found ?? {};
  const hasMissing = found?.strange.some(({ row }, i) => row !== found.whole[i]?.row);
  const strange = (withMissing ? found?.strange : found?.whole) ?? [];
  const blamed = new Set(strange.flatMap((row) => guiltyOf(row).map(({ column }) => column)));
  const columns = all.length > mostColumns ? all.filter((name) => blamed.has(name)) : all;
  return (
    <section class="strange" aria-labelledby="strange-title">
      <h2 id="strange-title">The strangest rows</h2>
      <p class="note">
        {facts.held.length > 0
          ? "A row is the stranger, the farther away it is from the nearest of the rows that the flow draws."
          : "A row is the stranger, the farther away it is from the nearest of the rows that the flow draws, and the lower its log-density."}{" "}
        Cells to blame are marked, with their share of the blame and what is usual beside the other cells.
      </p>
      <details class="note how">
        <summary>What the numbers say</summary>
        <p>
          Rows count from 1, the header left out. p is the share of the flow's own rows that are at least as
          strange; chance parts those that are as strange as each other, so that it need not rise from row to
          row.
          {facts.held.length > 0 &&
            " The log-density does not rank mixed columns: probabilities of levels and densities of numbers are together in it."}
        </p>
        <p>
          {facts.scored === "held-out rows"
            ? "The flow was fitted to most of these rows: what is strange in them may have become ordinary to it. Rows that it has not seen are judged better: open the model with their table."
            : "The model was opened from its file: if it was fitted to these very rows, what is strange in them may have become ordinary to it."}
        </p>
      </details>
      {hasMissing && (
        <label class="toggle">
          <input
            type="checkbox"
            checked={withMissing}
            onChange={({ currentTarget }) => setWithMissing(currentTarget.checked)}
          />
          also rows that are strange for a missing cell most of all
        </label>
      )}
      <p class="note so-far" role="status">
        {rows === of
          ? found
            ? ""
            : `Drawing ordinary rows to hold them against${facts.rankedIn > 4 ? `, which takes about ${about(facts.rankedIn)}` : ""}.`
          : `${rows.toLocaleString("en")} of ${of.toLocaleString("en")} rows so far.`}
      </p>
      {found && (
        <p class={`note sideways${columns.length > fewColumns ? " wide" : ""}`}>
          {columns.length < all.length
            ? `Of ${all.length} columns those that are to blame for a row. Scroll the table sideways to see them all.`
            : "The table goes on to the right: scroll it sideways to see all columns."}
        </p>
      )}
      {found && (
        <>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard. */}
          <section class="scroll" tabIndex={0} aria-label="Strangest rows, a table that scrolls">
            <table class={columns.length > fewColumns ? "wide" : ""}>
              <thead>
                <tr>
                  <th scope="col">Row</th>
                  <th scope="col">p</th>
                  <th scope="col">Log-density</th>
                  <th scope="col" class="blamed">
                    To blame
                  </th>
                  {columns.map((name) => (
                    <th key={name} scope="col">
                      {name}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {/* By their places: while rows are ranked, none moves. */}
                {strange.map((each, place) => {
                  const { row, pValue, logProb, cells } = each;
                  const blame = guiltyOf(each);
                  return (
                    <tr key={place}>
                      <th scope="row">{row}</th>
                      <td>{pValue < 0.001 ? "< 0.001" : pValue.toFixed(3)}</td>
                      <td>{logProb === undefined ? "" : written(logProb, 2)}</td>
                      {/* In short, where there is no room for the columns. */}
                      <td class="blamed">
                        {blame.map(({ column, expected }) => (
                          <span key={column}>
                            {column} <b>{cellText(cells[column])}</b>
                            {expected === undefined || expected === cells[column]
                              ? ""
                              : `, usual ${cellText(expected)}`}
                          </span>
                        ))}
                      </td>
                      {columns.map((name) => {
                        const guilty = blame.find(({ column }) => column === name);
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
                  );
                })}
              </tbody>
            </table>
          </section>
          <p class="note">
            All rows on the command line:{" "}
            <code>
              npx pushforward anomalies model.safetensors {dataOf(facts)} --seed 1 --out strange.csv
            </code>
          </p>
        </>
      )}
    </section>
  );
}
