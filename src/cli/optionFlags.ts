/**
 * The flags of options: for each option that text can hold its flag, what stands for its value, and help. What a flag takes,
 * and its message, follow from the library's own table of the option; an option without a row here does not compile.
 *
 * @module
 */

import { type Command, Option } from "commander";
import { UsageError } from "../errors.ts";
import type { FitOptions } from "../fitting/fitOptions.ts";
import type { OptionKind, OptionTable } from "../options.ts";
import { duration, listOfWords, nameList, numberOf, type OptionParser, oneOf } from "./options.ts";

/** One flag. */
export interface OptionFlag {
  /** With its dashes. */
  readonly flag: string;
  /** What stands for its value in help. */
  readonly value?: string | undefined;
  /** One line, without a full stop (default: the words that it may be). */
  readonly help?: string | undefined;
  /** How its text is read, where the type of the option does not say it. */
  readonly read?: ((flag: string) => OptionParser<unknown>) | undefined;
}

/** The flag of each option; undefined of what text cannot hold. */
export type OptionFlags<Options> = { readonly [Name in keyof Required<Options>]: OptionFlag | undefined };

/** Flags of `fit`; other commands take from them. */
export const fitFlags: OptionFlags<FitOptions> = {
  flow: { flag: "--flow", value: "kind" },
  columns: {
    flag: "--columns",
    value: "names",
    help: "columns to fit, such as a,b (default: all numeric ones)",
  },
  given: { flag: "--given", value: "names", help: "columns to condition on, such as c,d" },
  weights: { flag: "--weights", value: "name", help: "column of row weights" },
  transforms: { flag: "--transforms", value: "n", help: "number of transforms" },
  hidden: { flag: "--hidden", value: "sizes", help: "hidden layers, such as 128,128" },
  epochs: { flag: "--epochs", value: "n", help: "passes over the data at most" },
  budget: {
    flag: "--budget",
    value: "time",
    help: "time to train at most, on two cores: 90s, 2m (default: 2m)",
    read: duration,
  },
  batch: { flag: "--batch", value: "rows", help: "rows per step" },
  learningRate: { flag: "--lr", value: "rate", help: "learning rate" },
  weightDecay: undefined,
  validation: { flag: "--validation", value: "share", help: "share of rows held out for early stopping" },
  patience: { flag: "--patience", value: "n", help: "epochs without improvement before stopping" },
  averaging: { flag: "--ema", value: "decay", help: "decay of the average of the weights" },
  missing: { flag: "--missing", value: "policy", help: "error, or drop rows with missing values" },
  dequantize: { flag: "--dequantize", value: "names", help: "spread values recorded in steps: a,b or all" },
  checkpoint: { flag: "--checkpoint", value: "file", help: "file to save the state of the fit to" },
  resume: { flag: "--resume", help: "go on from the checkpoint" },
  keepOnAbort: {
    flag: "--keep",
    help: "on Ctrl-C write the best model so far, and end with exit code 0",
  },
  seed: { flag: "--seed", value: "n", help: "seed of every random choice" },
  threads: { flag: "--threads", value: "n", help: "threads to use" },
  wide: { flag: "--wide-simd", help: "twice as wide registers, experimental in V8 (Node 22 or newer)" },
  precision: { flag: "--precision", value: "type" },
  engine: { flag: "--engine", value: "name" },
  signal: undefined,
  components: undefined,
  bandwidth: undefined,
  rotation: undefined,
  marginal: undefined,
  layers: undefined,
  knots: undefined,
  step: undefined,
  maps: undefined,
  profile: undefined,
  pointsInBall: undefined,
  steps: undefined,
  onProgress: undefined,
  onPhase: undefined,
  onWarning: undefined,
};

/** An option of commander that is stored under the name that the library gives it. */
class LibraryOption extends Option {
  readonly #name: string;
  constructor(name: string, { flag, value, help }: OptionFlag, { choices = [] }: OptionKind) {
    super(value === undefined ? flag : `${flag} <${value}>`, help ?? listOfWords(choices));
    this.#name = name;
  }
  override attributeName(): string {
    return this.#name;
  }
}

/** What an option must be, as one types it: `an array of names, such as ["x", "y"]` is `names, such as x,y`. */
const asText = (expected: string): string =>
  expected
    .replace(/^an array of /, "")
    .replace(/ \[(.*)\]$/, (_, list: string) => ` ${list.replaceAll(/[" ]/g, "")}`);

/** How the text of a flag is read: by the type of the option, and then by its own check. */
function parserOf({ flag, read }: OptionFlag, kind: OptionKind): OptionParser<unknown> | undefined {
  if (kind.type === "flag") return undefined;
  if (kind.type === "text" && kind.choices) return oneOf(flag, kind.choices);
  const parse = read?.(flag) ?? parsers[kind.type ?? "text"](flag, kind);
  return (text) => {
    const value = parse(text);
    if (kind.accepts(value)) return value;
    throw new UsageError({ subject: flag, expected: asText(kind.expected), received: JSON.stringify(text) });
  };
}

const parsers: Readonly<
  Record<"number" | "numbers" | "text" | "names", (flag: string, kind: OptionKind) => OptionParser<unknown>>
> = {
  number: () => numberOf,
  numbers: () => (text) => text.split(",").map(numberOf),
  text: () => (text) => text,
  names: (flag, kind) => (text) => (kind.choices?.includes(text) ? text : nameList(flag)(text)),
};

/** Adds flags of a command: all that `flags` has, each read as `table` says. */
export function addOptionFlags<Options>(
  command: Command,
  flags: { readonly [Name in keyof Options]?: OptionFlag | undefined },
  table: OptionTable<Options>,
): void {
  for (const [name, flag] of Object.entries<OptionFlag | undefined>(flags)) {
    if (!flag) continue;
    const option = new LibraryOption(name, flag, table[name as keyof Options]);
    const parser = parserOf(flag, table[name as keyof Options]);
    command.addOption(parser ? option.argParser(parser) : option);
  }
}

/** Of what commander read, the options of the library. */
export function chosenOptions<Options extends object>(
  read: Options,
  flags: OptionFlags<Options>,
): Partial<Options> {
  return Object.fromEntries(
    Object.entries(read).filter(
      ([name, value]) => value !== undefined && flags[name as keyof Options] !== undefined,
    ),
  ) as Partial<Options>;
}
