/**
 * Messages of the library as the page says them: of what there is to choose here, without the options of code.
 *
 * @module
 */

import { replaceOptionTexts } from "pushforward/options";

/** Ways to read numbers that can be chosen for a column, with what they make of them. */
export const readings = {
  thousands: "1,234 is 1234",
  "decimal-comma": "1,234 is 1.234",
  "leading-zeros": "007 is 7",
} as const;

/** Stands on both sides of an option that the page does not have. */
const mark = "\ue000";

/** What the page has in the place of an option: a choice, or nothing but its name between marks. */
function choiceOf(name: string, value: unknown): string {
  if (name === "budget" && typeof value === "number") return `${value} seconds of training`;
  if (name === "flow" && value === "columns") return "the flow of mixed columns";
  if ((name === "kinds" || name === "kind") && typeof value === "object" && value !== null)
    return Object.entries(value)
      .map(([column, kind]) => `${String(kind).split(":")[0]} for "${column}"`)
      .join(" and ");
  if (name === "parse" && typeof value === "object" && value !== null) {
    const [[column, reading] = ["", ""]] = Object.entries(value);
    const words = readings[reading as keyof typeof readings];
    if (words) return `"${words}" for "${column}"`;
  }
  return `${mark}${name}${mark}`;
}

/** Ways out of which each may be of code; those that are not stay. */
function waysOnPage(clause: string): string {
  const ways = clause.split(/, or (?:else )?/);
  return ways.filter((way) => !way.includes(mark)).join(", or ");
}

/** A line of the library, on the page. */
export function onPage(line: string): string {
  const [problem = "", ...remedies] = replaceOptionTexts(line, choiceOf)
    // The function that was called, and its argument.
    .replace(/^(?:[a-z]\w*: )(?=\S+ (?:must|means|is|are|may|have|has)\b)/i, "")
    // Bytes of a file say nothing to who has chosen it.
    .replace(
      /^.* is not a safetensors file.*$/,
      "This file is no model, or not a whole one: nothing was opened",
    )
    // How it is read is seen in what it becomes.
    .replace(/(?<=is read as .*) \((?:thousands|decimal-comma|leading-zeros)\)/, "")
    .replace("mend the values, or widen the ranges", "hold another value")
    .replaceAll(/\bgiven\[("(?:[^"\\]|\\.)*")\]/g, "$1")
    .replaceAll(/\bfit the flow\b/g, "choose the flow")
    .replaceAll(/ with \ue000(?:columns|exclude)\ue000/g, "")
    .replaceAll(/\bpass (?!\ue000)/g, "choose ")
    .replaceAll(/\bsay (?=\S+ for ")/g, "choose ")
    .replaceAll(/(?<=; )(\w+) for "[^"]*" takes it/g, "$1 takes it")
    .replaceAll(/ \([^()]*\ue000[^()]*\)/g, "")
    .replaceAll(/\bgive it a kind, as in (\S+) for "[^"]*"/g, "choose another kind for it, such as $1")
    .replace(
      "give them a kind, or name the columns",
      "if one is not, choose under Columns what it is taken for",
    )
    .replace(/a larger (\d+ seconds of training) is/, "$1 are")
    .replace(/\.$/, "")
    .split("; ");
  const said = [waysOnPage(problem) || problem.replaceAll(mark, ""), ...remedies.map(waysOnPage)];
  return said
    .filter((clause) => clause !== "")
    .join("; ")
    .replaceAll("`", "");
}

/** What went wrong, as a sentence of the page. */
export function messageOf(error: unknown): string {
  const line = error instanceof Error ? error.message : String(error);
  const said = onPage(line);
  return /[.?!]$/.test(said) ? said : `${said}.`;
}
