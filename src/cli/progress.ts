/**
 * Progress of a fit on standard error: a bar on a terminal, a few plain lines elsewhere.
 *
 * @module
 */

import { Presets, SingleBar } from "cli-progress";
import { oneLine } from "../entries/errors.ts";
import { withFlags } from "./flags.ts";
import { formatLogProb, warn } from "./output.ts";

/** What a fit reports after each epoch; a part of the library's `FitProgress`. */
export interface EpochProgress {
  readonly epoch: number;
  readonly epochs: number;
  readonly trainLogProb: number;
  readonly validationLogProb: number;
  readonly member?: number | undefined;
  readonly members?: number | undefined;
}

/** Shows progress and warnings. */
export interface ProgressDisplay {
  update(progress: EpochProgress): void;
  /** What is done before the first epoch. */
  prepare(line: string): void;
  warn(line: string): void;
  /** Ends the display; nothing is shown after it. */
  stop(): void;
}

const clearLine = "\r\x1b[K";

/** An epoch, of which parts may be done: no more than two digits behind the point. */
const rounded = (epoch: number): number => Math.round(100 * epoch) / 100;

/** Which network is trained, where there are several: the score of the next one begins anew. */
const memberText = ({ member, members = 1 }: EpochProgress): string =>
  members > 1 ? `network ${member}/${members}` : "";

function bar(unit: string): ProgressDisplay {
  const display = new SingleBar(
    {
      stream: process.stderr,
      // 80 columns hold it: what does not fit is cut off.
      format: `{what} {bar} ${unit} {value}/{total}, train {train}, validation {validation} nats`,
      // The system may end the process at any time: a cursor that was hidden would stay so.
      hideCursor: false,
      clearOnComplete: false,
      barsize: 10,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(progress) {
      const { epoch, epochs, trainLogProb, validationLogProb } = progress;
      const shown = {
        what: memberText(progress) || "fitting",
        train: formatLogProb(trainLogProb),
        validation: formatLogProb(validationLogProb),
      };
      if (!started) {
        process.stderr.write(clearLine);
        display.start(rounded(epochs), rounded(epoch), shown);
      } else display.update(rounded(epoch), shown);
      started = true;
    },
    prepare(line) {
      process.stderr.write(`${clearLine}${line}`);
    },
    warn(line) {
      // Clears the bar's line; the bar draws itself again below.
      process.stderr.write(`${clearLine}warning: ${oneLine(withFlags(line))}\n`);
    },
    stop() {
      if (started) display.stop();
      else process.stderr.write(clearLine);
      started = false;
    },
  };
}

/** A line at the first epoch, at each tenth of them, and at the last one. */
function lines(unit: string): ProgressDisplay {
  let tenth = -1;
  let last: EpochProgress | undefined;
  let printed = true;
  const print = (progress: EpochProgress): void => {
    const { epoch, epochs, trainLogProb, validationLogProb } = progress;
    const values = `train ${formatLogProb(trainLogProb)}, validation ${formatLogProb(validationLogProb)} nats`;
    const network = memberText(progress);
    process.stderr.write(
      `${network && `${network}, `}${unit} ${rounded(epoch)}/${rounded(epochs)}: ${values}\n`,
    );
    printed = true;
  };
  return {
    update(progress) {
      last = progress;
      printed = false;
      const now = Math.floor((10 * progress.epoch) / Math.max(1, progress.epochs));
      if (now > tenth) {
        tenth = now;
        print(progress);
      }
    },
    prepare(line) {
      process.stderr.write(`${line}\n`);
    },
    warn,
    stop() {
      if (last && !printed) print(last);
    },
  };
}

/** The display that suits standard error; `unit` is what the fit counts. */
export function progressDisplay(unit: "epoch" | "step" = "epoch"): ProgressDisplay {
  return process.stderr.isTTY ? bar(unit) : lines(unit);
}
