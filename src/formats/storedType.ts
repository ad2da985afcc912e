/**
 * How a typed source stores the cells of a column: what a table remembers of it, and writes the column back as.
 *
 * @module
 */

/** Units of times. */
export type TimeUnit = "s" | "ms" | "us" | "ns";

/** How a column is stored. Doubles and texts are what columns are where nothing is said. Plain data: it survives JSON. */
export type StoredType =
  | {
      /** Whole numbers. */
      readonly type: "integer";
      /** Their width. */
      readonly bits: 8 | 16 | 32 | 64;
      /** Whether they may be negative. */
      readonly signed: boolean;
    }
  | {
      /** Floating-point numbers. */
      readonly type: "float";
      /** Their width. */
      readonly bits: 16 | 32 | 64;
    }
  | {
      /** Truth values. */
      readonly type: "boolean";
    }
  | {
      /** Texts, also where they look like numbers. */
      readonly type: "text";
    }
  | {
      /** Levels by their places in a list, as pandas' categoricals are. */
      readonly type: "dictionary";
      /** Where the levels have an order, they in it. */
      readonly ordered?: readonly (string | number)[] | undefined;
    }
  | {
      /** Days. */
      readonly type: "date";
    }
  | {
      /** Moments. */
      readonly type: "timestamp";
      /** What they are counted in. */
      readonly unit: TimeUnit;
      /** The zone in which moments are shown, such as `Europe/Berlin`; absent for those of no zone. */
      readonly zone?: string | undefined;
    }
  | {
      /** Times of day. */
      readonly type: "time";
      /** What they are counted in. */
      readonly unit: TimeUnit;
    }
  | {
      /** Decimal numbers. */
      readonly type: "decimal";
      /** Their digits. */
      readonly precision: number;
      /** How many of them stand behind the point. */
      readonly scale: number;
    };
