/**
 * Timing: every implementation in turn, round by round, while all others are idle, so that a machine that is busy at
 * times is so for all of them.
 */
import { setTimeout as pause } from "node:timers/promises";

/** Seconds that a worker may take to get ready: XLA compiles for a while. */
const preparation = 300;
/** A first call of this many seconds counts as a round: nothing is warmed up by another. */
const slow = 5;
/** After this many seconds of one workload, and two rounds, a worker is timed in no further round. */
const budget = 15;

/**
 * @typedef {import("./implementations.mjs").Runner} Runner
 * @typedef {{ runner: Runner, about?: any, parameters?: number, readings: number[], failure?: string }} Result
 */

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Times a task on every runner that has it.
 * @param {any} task
 * @param {readonly Runner[]} runners this library's first: its number of parameters is what peers are made to match.
 * @param {{ rounds: number, cap: number, quick: boolean, onProgress: (text: string) => void,
 *   onReading: (runner: Runner, milliseconds: number) => void }} options - `onReading` is told of each call that takes seconds.
 * @returns {Promise<Result[]>}
 */
export async function measure(task, runners, options) {
  const states = [];
  let parameters;
  for (const runner of runners) {
    const { implementation } = runner;
    if (!implementation.workloads.includes(task.workload) || !implementation.flows.includes(task.flow))
      continue;
    const state = new State(runner, { ...task, parameters }, options);
    await state.prepare();
    if (state.left) continue;
    parameters ??= state.parameters;
    states.push(state);
  }
  for (let round = 0; round < options.rounds; round++)
    // There and back, so that no one always follows the same neighbor.
    for (const state of round % 2 === 0 ? states : states.slice().reverse()) {
      options.onProgress(`round ${round + 1} of ${options.rounds}`);
      await state.round(round);
    }
  for (const state of states) await state.release();
  return states.map(({ runner, parameters, readings, failure }) => ({
    runner,
    about: runner.child.about,
    parameters,
    readings,
    ...(failure ? { failure } : {}),
  }));
}

/** One runner in one task. */
class State {
  /** Medians of the rounds, in milliseconds. */
  readings = [];
  parameters;
  failure;
  /** It does not have this task. */
  left = false;
  #task;
  #options;
  #spent = 0;
  #repeats = 1;

  constructor(runner, task, options) {
    this.runner = runner;
    this.#task = task;
    this.#options = options;
  }

  /** Whether each reading stands alone, in a new process: nothing is compiled before a fit, or before a start. */
  get #isWhole() {
    return this.#task.workload === "fit" || this.#task.workload === "startup";
  }

  /** The task as workers know it: a start is that of training steps. */
  get #request() {
    return this.#task.workload === "startup" ? { ...this.#task, workload: "step" } : this.#task;
  }

  async prepare() {
    const { runner } = this;
    const setting = `${runner.name}, ${runner.threads} threads${runner.wide ? ", wide" : ""}`;
    this.#options.onProgress(`preparing ${setting}`);
    await this.#attempt(async () => {
      if (!runner.child.about) await runner.child.start(60);
      if (runner.wide && !runner.child.about.wide) {
        runner.child.stop();
        this.left = true;
        return;
      }
      const { parameters } = await this.#ask({ prepare: this.#request }, preparation);
      this.parameters = parameters;
      this.left = parameters === null;
      if (!this.left && !this.#isWhole) await this.#warmUp();
    });
  }

  async #warmUp() {
    const [first] = await this.#time(1);
    if (first > 1000 * slow) {
      this.readings.push(first);
      return;
    }
    const { quick } = this.#options;
    let ms = first;
    // What is compiled as it runs needs a while to become fast.
    for (let total = 0; total < (quick ? 0 : 600); total += ms * this.#repeats) {
      this.#repeats = Math.max(1, Math.round(200 / ms));
      ms = median(await this.#time(this.#repeats));
    }
    this.#repeats = quick ? 1 : Math.max(1, Math.round(200 / ms));
  }

  /** @param {number} round counted from 0. */
  async round(round) {
    const { cap } = this.#options;
    const isEnough = !this.#isWhole && this.readings.length >= 2 && this.#spent > budget;
    const isOver = this.readings.length > 0 && (isEnough || this.#spent > cap / 2);
    if (this.failure || isOver || this.readings.length > round) return;
    await this.#attempt(async () => {
      if (this.#isWhole) {
        await this.runner.child.start(60);
        await this.#ask({ prepare: this.#request }, preparation);
      }
      // Threads that spin before they sleep have stopped by then.
      await pause(20);
      const reading = median(await this.#time(this.#repeats));
      this.readings.push(reading);
      if (this.#isWhole) this.#options.onReading(this.runner, reading);
    });
  }

  async release() {
    if (!this.runner.child.isRunning) return;
    await this.#attempt(() => this.#ask({ release: true }, 60));
  }

  async #time(repeats) {
    const isFit = this.#task.workload === "fit";
    const from = performance.now();
    // A fit ends by itself when it has taken too long.
    const answer = await this.#ask({ time: repeats }, this.#options.cap + (isFit ? 60 : 0));
    this.#spent += (performance.now() - from) / 1000;
    return this.#task.workload === "startup" ? [answer.sinceImport] : answer.ms;
  }

  #ask(request, seconds) {
    return this.runner.child.ask(request, seconds);
  }

  async #attempt(action) {
    try {
      await action();
    } catch (error) {
      this.failure ??= error.message.replace(/^(Timeout)?Error: /, "");
    }
  }
}
