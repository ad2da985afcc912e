/**
 * The flags of options: for each option that text can hold its flag, what stands for its value, and help. What a flag takes,
 * and its message, follow from the library's own table of the option; an option without a row here does not compile.
 *
 * @module
 */

import { type Command, Option } from "commander";
import { UsageError } from "../../entries/errors.ts";
import { checkFormerOptions, type OptionKind } from "../../entries/options.ts";
import { listOfWords, nameList, numberOf, type OptionParser, oneOf } from "../options.ts";

/** One flag. */
export interface OptionFlag {
  /** With its dashes. */
  readonly flag: string;
  /** What stands for its value in help. */
  readonly value?: string | undefined;
  /** Whether it may stand without its value. */
  readonly valueIsOptional?: boolean | undefined;
  /** One line, without a full stop (default: the words that it may be). */
  readonly help?: string | undefined;
  /** What it is where it is left out, in words. */
  readonly usual?: string | undefined;
  /** Help of the flag with `no-` before its name, for what is neither yes nor no where it is left out. */
  readonly negated?: string | undefined;
  /** How its text is read, where the type of the option does not say it. */
  readonly read?: ((flag: string) => OptionParser<unknown>) | undefined;
}

/** The flag of each option; undefined of what text cannot hold. */
export type OptionFlags<Options> = { readonly [Name in keyof Required<Options>]: OptionFlag | undefined };

/** What an option may be, and of which kinds of flow where not of all. */
type DescribedKind = OptionKind & { readonly kinds?: readonly string[] | undefined };

/** Most kinds that a line of help names. */
const namedKinds = 2;

/** One line of help: whose option it is, where it is that of few kinds, what it is, and its default. */
export function helpOf({ help, usual }: OptionFlag, { choices = [], kinds = [] }: DescribedKind): string {
  const whose = kinds.length > 0 && kinds.length <= namedKinds ? `with --flow ${kinds.join(" or ")}: ` : "";
  return `${whose}${help ?? listOfWords(choices)}${usual === undefined ? "" : ` (default: ${usual})`}`;
}

/** An option of commander that is stored under the name that the library gives it. */
class LibraryOption extends Option {
  readonly #name: string;
  constructor(name: string, flag: OptionFlag, kind: DescribedKind) {
    const value = flag.valueIsOptional ? ` [${flag.value}]` : ` <${flag.value}>`;
    super(flag.value === undefined ? flag.flag : flag.flag + value, helpOf(flag, kind));
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
  return (text, before) => {
    const value = parse(text, before);
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
  table: { readonly [Name in keyof Required<Options>]: DescribedKind },
): void {
  for (const [name, flag] of Object.entries<OptionFlag | undefined>(flags)) {
    if (!flag) continue;
    const kind = table[name as keyof Options];
    const option = new LibraryOption(name, flag, kind);
    const parser = parserOf(flag, kind);
    command.addOption(parser ? option.argParser(parser) : option);
    if (flag.negated === undefined) continue;
    const no = { flag: flag.flag.replace("--", "--no-"), help: flag.negated };
    command.addOption(new LibraryOption(name, no, kind));
  }
}

/** Adds a flag that there is no more, so that it is refused with a reason. */
export function addFormerFlags(command: Command): void {
  command.addOption(
    new Option("--dequantize <names>").hideHelp().argParser((text) => {
      checkFormerOptions("--dequantize", { dequantize: text });
    }),
  );
}

/** Of what commander read, the options of the library. */
export function chosenOptions<Options extends object>(
  read: Readonly<Partial<Record<keyof Options, unknown>>>,
  flags: { readonly [Name in keyof Options]?: OptionFlag | undefined },
): Partial<Options> {
  return Object.fromEntries(
    Object.entries(read).filter(
      ([name, value]) => value !== undefined && flags[name as keyof Options] !== undefined,
    ),
  ) as Partial<Options>;
}
