/** Worker processes that speak JSON, a line a message; README.md says what is said. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Thrown when an answer takes longer than it may; the worker is ended. */
export class TooSlowError extends Error {}

/** Thrown for what a worker could not do; its message is the worker's. */
export class WorkerError extends Error {}

/** One worker. It is started by the first request, and again by the first after it was ended. */
export class Child {
  #command;
  #environment;
  #process;
  #lines;
  #said = "";
  #isClosed = false;
  /** What the worker said of itself when it was last started. */
  about;

  /**
   * @param {readonly string[]} command
   * @param {Readonly<Record<string, string>>} environment added to this process's own.
   */
  constructor(command, environment) {
    this.#command = command;
    this.#environment = environment;
  }

  /**
   * What the worker says of itself at its start.
   * @param {number} seconds that it may take.
   * @returns {Promise<{ version: string, node: string | null, wide: boolean }>}
   */
  async start(seconds) {
    this.stop();
    if (this.#isClosed) throw new WorkerError("interrupted");
    const [program, ...parameters] = this.#command;
    const child = spawn(program, parameters, {
      env: { ...process.env, ...this.#environment },
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#process = child;
    this.#said = "";
    child.on("error", (error) => {
      this.#said += error.message;
    });
    child.stdin.on("error", () => {});
    child.stderr.setEncoding("utf8").on("data", (text) => {
      this.#said = (this.#said + text).slice(-4000);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.about = await this.#answer(seconds);
    return this.about;
  }

  /**
   * Sends a request and waits for its answer.
   * @param {object} request
   * @param {number} seconds that it may take.
   * @throws {TooSlowError}
   * @throws {WorkerError}
   */
  async ask(request, seconds) {
    if (!this.#process) await this.start(Math.max(seconds, 60));
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#answer(seconds);
  }

  /** Whether it has been started and not ended. */
  get isRunning() {
    return this.#process !== undefined;
  }

  /** Ends the worker. */
  stop() {
    this.#process?.kill("SIGKILL");
    this.#process = undefined;
  }

  /** Ends the worker for good. */
  close() {
    this.#isClosed = true;
    this.stop();
  }

  async #answer(seconds) {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve("late"), 1000 * seconds);
    });
    const line = await Promise.race([this.#lines.next(), late]);
    clearTimeout(timer);
    if (line === "late") {
      this.stop();
      throw new TooSlowError(`> ${seconds} s`);
    }
    if (line.done) {
      this.stop();
      throw new WorkerError(this.#said.trim().split("\n").at(-1) || "the worker ended");
    }
    const answer = JSON.parse(line.value);
    if (answer.error) throw new WorkerError(answer.error);
    return answer;
  }
}
