/**
 * How a typed source stores the cells of a column: what a table remembers of it, and writes the column back as.
 *
 * @module
 */

/** Units of times. */
export type TimeUnit = "s" | "ms" | "us" | "ns";

/** How a column is stored. Doubles and texts are what columns are where nothing is said. Plain data: it survives JSON. */
export type StoredType =
  | { readonly type: "integer"; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly type: "float"; readonly bits: 16 | 32 | 64 }
  | { readonly type: "boolean" }
  | { readonly type: "text" }
  | {
      /** Levels by their places in a list, as pandas' categoricals are. */
      readonly type: "dictionary";
      /** Where the levels have an order, they in it. */
      readonly ordered?: readonly (string | number)[] | undefined;
    }
  | { readonly type: "date" }
  | {
      readonly type: "timestamp";
      readonly unit: TimeUnit;
      /** The zone in which moments are shown, such as `Europe/Berlin`; absent for those of no zone. */
      readonly zone?: string | undefined;
    }
  | { readonly type: "time"; readonly unit: TimeUnit }
  | { readonly type: "decimal"; readonly precision: number; readonly scale: number };
