/** A table of one's own: fitted, looked at, asked, and taken along. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { download } from "../ui/download.ts";
import { written } from "../ui/numbers.ts";
import { isWorthSeeing } from "./axis.ts";
import { Draw, type Drawn } from "./Draw.tsx";
import { Fit } from "./Fit.tsx";
import { ModelAlone } from "./ModelAlone.tsx";
import { listed } from "./names.ts";
import { PairPlot } from "./PairPlot.tsx";
import type { Columns, FitFacts } from "./protocol.ts";
import { Strange } from "./Strange.tsx";
import { ask, fitted, ranking, reference, stage, table } from "./tableStore.ts";
import { givenText, sentence } from "./words.ts";

/** Most columns of a pair plot: more cannot be told apart. */
const mostPairs = 5;

/** Of more columns those are offered that were chosen, and a list of the others. */
const mostOffered = 24;

/** Of the strangest rows, so many are ringed in the pair plot. */
const mostRinged = 3;

/** What the mean log-density is made of, where not of densities alone. */
const measureWords = ({ columns, counted }: FitFacts): string =>
  columns.length === counted.length
    ? "All columns have levels or steps: it is the logarithm of a probability."
    : `Of ${listed(counted)} it counts the probability of a value, as they have levels or steps; of the others a density. So it compares flows of the same columns alone.`;

/** What needs no training, beside which a score says something. */
const referenceWords = {
  gaussian: [
    "A plain Gaussian",
    "What the same rows score by a Gaussian that is fitted to the others: a good flow is well above it.",
  ],
  "each column": [
    "Each column by itself",
    "What the same rows score where no column says anything of another: what the flow has more, it has from how they hang together.",
  ],
} as const;

function Reference({ facts }: { readonly facts: FitFacts }) {
  const known = reference.value;
  const [label, words] = referenceWords[known?.by ?? (facts.held.length > 0 ? "each column" : "gaussian")];
  return (
    <>
      <dl>
        <div>
          <dt>{label}</dt>
          <dd data-testid="reference">{written(known?.logProb ?? Number.NaN, 2)}</dd>
        </div>
      </dl>
      <p class="note">{words}</p>
    </>
  );
}

/** The log-density of each row, to keep. */
async function keepScores(): Promise<void> {
  const bytes = await ask("Scoring the rows", "scores", {});
  if (bytes) download("scores.csv", bytes as Uint8Array<ArrayBuffer>, "text/csv");
}

/** Columns that are seen at first: such as say something. Of hundreds the first are looked at. */
function seenFirst(columns: readonly string[], cells: Columns): readonly string[] {
  const seen: string[] = [];
  for (const name of columns) {
    if (isWorthSeeing(cells[name] ?? [])) seen.push(name);
    if (seen.length === 3) break;
  }
  return seen.length > 0 ? seen : columns.slice(0, 3);
}

export function TableView() {
  const facts = table.value!;
  const fit = fitted.value;
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [drawn, setDrawn] = useState<Drawn | undefined>(undefined);
  const isAlone = facts.rows === 0;
  const cells = isAlone ? (fit?.samples ?? {}) : facts.shown;
  const strangest = ranking.value?.strange;
  const ringed = useMemo(() => (strangest ?? []).slice(0, mostRinged).map((row) => row.cells), [strangest]);
  const names = chosen.filter((name) => facts.columns.includes(name));
  const [known, setKnown] = useState<ReadonlySet<string>>(new Set());
  const isOffered = (name: string): boolean =>
    facts.columns.length <= mostOffered || known.has(name) || names.includes(name);
  const choose = (name: string, isChosen: boolean): void => {
    setKnown(new Set([...known, ...names, name]));
    setChosen(facts.columns.filter((other) => (other === name ? isChosen : names.includes(other))));
  };
  useEffect(() => {
    setChosen(seenFirst(facts.columns, cells));
    setKnown(new Set());
  }, [facts]);
  useEffect(() => {
    // What was drawn belongs to the flow before.
    setDrawn(undefined);
    // Columns that it has no density of say nothing beside those that it has.
    if (fit && names.some((name) => !fit.columns.includes(name))) setChosen(seenFirst(fit.columns, cells));
  }, [fit]);
  return (
    <main class="table-mode">
      {isAlone ? <ModelAlone facts={facts} /> : <Fit facts={facts} />}
      <section class="stage" aria-label="Pair plot">
        <fieldset class="toggles" aria-label="Columns of the pair plot">
          {facts.columns.filter(isOffered).map((name) => (
            <label key={name} class="toggle">
              <input
                type="checkbox"
                checked={names.includes(name)}
                disabled={!names.includes(name) && names.length >= mostPairs}
                onChange={({ currentTarget: { checked } }) => choose(name, checked)}
              />
              {name}
            </label>
          ))}
          {facts.columns.length > mostOffered && (
            <select
              aria-label="Another column of the pair plot"
              value=""
              disabled={names.length >= mostPairs}
              onChange={({ currentTarget: { value } }) => choose(value, true)}
            >
              <option value="">another column</option>
              {facts.columns
                .filter((name) => !isOffered(name))
                .map((name) => (
                  <option key={name}>{name}</option>
                ))}
            </select>
          )}
        </fieldset>
        <PairPlot names={names} rows={facts.shown} samples={drawn?.shown ?? fit?.samples} marked={ringed} />
        <p class="keys">
          {isAlone ? (
            <span class="model">Below the diagonal: where the flow's rows are dense</span>
          ) : (
            <span class="data">
              {`Below the diagonal: rows of the table; what lies beyond an axis stands at its edge${
                ringed.length > 0 ? `; the ${ringed.length} strangest in rings` : ""
              }`}
            </span>
          )}
          <span class="model">
            {`Above it: rows ${fit ? `drawn from the flow${givenText(drawn?.condition)}` : "of the flow, when one is fitted"}`}
          </span>
        </p>
      </section>
      {!fit && (
        <section class="awaited" aria-label="What a fit gives">
          <h2>What a fit gives</h2>
          <p class="note">
            How well the flow fits, by rows that are held out; the strangest rows, with the cells that are to
            blame; rows like yours, also given a value of a column; and the model, as a file.
          </p>
        </section>
      )}
      {fit && (
        <>
          <section class="numbers" aria-label="The fit">
            <p class="score">
              <b>{written(fit.logProb, 2)}</b>
              <span>
                nats: the mean log-density of {fit.scored}
                {isAlone
                  ? "; rows like those that it was fitted to have about as much"
                  : ", higher is better"}
                . {fit.description}.
              </span>
            </p>
            {!isAlone && <Reference facts={fit} />}
            {fit.counted.length > 0 && <p class="note">{measureWords(fit)}</p>}
            {fit.warnings.map((line) => (
              <p key={line} class="note">
                {sentence(line)}
              </p>
            ))}
            {!isAlone && (
              <div class="row">
                <button type="button" disabled={stage.value !== ""} onClick={() => void keepScores()}>
                  Download log-densities
                </button>
              </div>
            )}
          </section>
          <Draw
            cells={cells}
            ranges={facts.ranges}
            isAlone={isAlone}
            fit={fit}
            drawn={drawn}
            onDrawn={setDrawn}
          />
          {!isAlone && <Strange found={ranking.value} columns={facts.columns} facts={fit} />}
        </>
      )}
    </main>
  );
}
