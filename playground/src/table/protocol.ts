/**
 * What the page and the worker of a table say to each other. Each request has an answer of its number, or a failure.
 *
 * @module
 */

import type { ColumnSchema } from "pushforward/tables";
import { isLive, type KindName, kinds } from "../state.ts";
import type { Range } from "./angles.ts";

const { "gradient-flow": _, ...ofPoints } = kinds;

/** Kinds of flow for tables of numbers, as they are called. */
export const numberKinds = {
  ...(Object.fromEntries(Object.entries(ofPoints).map(([kind, { label }]) => [kind, label])) as Record<
    keyof typeof ofPoints,
    string
  >),
  ncsf: "Circular spline flow: angles alone",
} as const;

/** A kind of flow for a table. */
export type TableKind = "columns" | keyof typeof numberKinds;

/** Whether a kind is trained for as long as one says. */
export const isTrained = (kind: TableKind): boolean => takesKinds(kind) || isLive(kind as KindName);

/** Whether a kind is told what its columns are. */
export const takesKinds = (kind: TableKind): boolean => kind === "columns" || kind === "ncsf";

/** A cell as it is shown. */
export type Cell = number | string | null;

/** Some rows, column by column. */
export type Columns = Readonly<Record<string, readonly Cell[]>>;

/** What a column was taken for. */
export interface ColumnNote {
  readonly name: string;
  readonly kind: string;
  readonly use: string;
  /** What of it, and what else could be meant. */
  readonly values: string;
}

/** A table that was read; or, of a model whose table is not here, its columns. */
export interface TableFacts {
  /** That of the file: of the table, or of the model. */
  readonly name: string;
  /** None where there is a model alone. */
  readonly rows: number;
  readonly columns: readonly string[];
  /** Rows drawn at random, for the picture. */
  readonly shown: Columns;
  /** Of columns of numbers. */
  readonly ranges: Readonly<Record<string, Range>>;
  /** Columns whose numbers can be read in two ways, such as 1,234; and one of their cells. */
  readonly doubtful: { readonly columns: readonly string[]; readonly cell: string } | undefined;
  readonly remarks: readonly string[];
}

/** Mean log-density of the rows that a flow is judged by, in nats, by what needs no training. */
export interface TableReference {
  /** A Gaussian that is fitted to the others; of mixed columns each column by itself, as if none said anything of another. */
  readonly by: "gaussian" | "each column";
  readonly logProb: number;
}

/** A row that is strange. */
export interface StrangeRow {
  /** From 1. */
  readonly row: number;
  /** How strange it is: larger is stranger. */
  readonly score: number;
  readonly pValue: number;
  readonly logProb: number | undefined;
  readonly blame: readonly {
    readonly column: string;
    readonly share: number;
    readonly expected: Cell | undefined;
  }[];
  readonly cells: Readonly<Record<string, Cell>>;
}

/** The strangest of the rows that have been looked at so far. */
export interface Ranking {
  readonly strange: readonly StrangeRow[];
  /** The same without rows that are strange for a missing cell most of all. */
  readonly whole: readonly StrangeRow[];
  readonly rows: number;
  readonly of: number;
}

/** A flow of the table: fitted here, or opened from a file. */
export interface FitFacts {
  /** Flags that tell the command line how the table was read. */
  readonly flags: string;
  /** Columns that it has a density of. */
  readonly columns: readonly string[];
  readonly description: string;
  /** Mean log-density, in nats per row, of {@link scored}. */
  readonly logProb: number;
  /** Seconds until the first rows are ranked, as near as can be told. */
  readonly rankedIn: number;
  readonly scored: "held-out rows" | "the rows of this table" | "rows that it draws itself";
  readonly interrupted: boolean;
  /** What the columns are that rows can be drawn given; none where they cannot. */
  readonly held: readonly ColumnSchema[];
  /** Columns of which the density counts values that have a probability of their own; of the others it is a density. */
  readonly counted: readonly string[];
  readonly samples: Columns;
  readonly warnings: readonly string[];
}

/** A column held at a value. */
export interface Condition {
  readonly column: string;
  readonly value: string | number;
}

/** What can be asked for, by name: the question and its answer. */
export interface Questions {
  readonly read: { readonly ask: { readonly file: File }; readonly answer: TableFacts };
  readonly fit: {
    readonly ask: {
      readonly kind: TableKind;
      readonly budget: number;
      readonly seed: number;
      /** What columns are taken for, and which are left out, as somebody has chosen. */
      readonly kinds: Readonly<Record<string, string>>;
      readonly exclude: readonly string[];
      /** How numbers of columns are written, which is not the same in all tables. */
      readonly parse: Readonly<Record<string, string>>;
    };
    readonly answer: FitFacts;
  };
  readonly sample: {
    readonly ask: { readonly rows: number; readonly condition: Condition | undefined };
    readonly answer: {
      readonly shown: Columns;
      readonly csv: Uint8Array;
      /** How many independent rows they are worth, where they were picked from candidates. */
      readonly worth: number | undefined;
    };
  };
  /** A model of columns that the table has. */
  readonly open: { readonly ask: { readonly file: File }; readonly answer: FitFacts };
  /** A model without its table. */
  readonly openAlone: {
    readonly ask: { readonly file: File };
    readonly answer: {
      readonly facts: TableFacts;
      readonly notes: readonly ColumnNote[];
      readonly fit: FitFacts;
    };
  };
  /** Log-densities of all rows, as CSV. */
  readonly scores: { readonly ask: Readonly<Record<string, never>>; readonly answer: Uint8Array };
  readonly take: { readonly ask: Readonly<Record<string, never>>; readonly answer: Uint8Array };
}

export type QuestionName = keyof Questions;

/** One of the questions. */
export type TableQuestion = {
  readonly [Name in QuestionName]: {
    readonly number: number;
    readonly name: Name;
    readonly ask: Questions[Name]["ask"];
  };
}[QuestionName];

/** From the page to the worker. */
export type TableRequest =
  | TableQuestion
  | { readonly name: "stop" }
  /** Whether it is there: answered by the like. */
  | { readonly name: "beat" };

/** From the worker to the page. */
export type TableReply =
  | { readonly type: "beat" }
  | { readonly type: "answer"; readonly number: number; readonly answer: unknown }
  | { readonly type: "failure"; readonly number: number; readonly message: string }
  | { readonly type: "shown"; readonly shown: Columns }
  | { readonly type: "notes"; readonly notes: readonly ColumnNote[] }
  | { readonly type: "stage"; readonly text: string }
  | { readonly type: "reference"; readonly reference: TableReference }
  | { readonly type: "ranking"; readonly ranking: Ranking }
  | { readonly type: "trouble"; readonly message: string }
  | {
      readonly type: "progress";
      readonly done: number;
      readonly of: number;
      readonly heldOutLogProb: number;
    };
