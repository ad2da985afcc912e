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

function bar(unit: string): ProgressDisplay {
  const display = new SingleBar(
    {
      stream: process.stderr,
      // 80 columns hold it: what does not fit is cut off.
      format: `fitting {bar} ${unit} {value}/{total}, train {train}, validation {validation} nats`,
      // The system may end the process at any time: a cursor that was hidden would stay so.
      hideCursor: false,
      clearOnComplete: false,
      barsize: 16,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update({ epoch, epochs, trainLogProb, validationLogProb }) {
      const shown = { train: formatLogProb(trainLogProb), validation: formatLogProb(validationLogProb) };
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
  const print = ({ epoch, epochs, trainLogProb, validationLogProb }: EpochProgress): void => {
    const values = `train ${formatLogProb(trainLogProb)}, validation ${formatLogProb(validationLogProb)} nats`;
    process.stderr.write(`${unit} ${rounded(epoch)}/${rounded(epochs)}: ${values}\n`);
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
