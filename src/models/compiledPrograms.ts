/**
 * Programs of a model that are compiled when they are first needed, once for all who ask for them.
 *
 * @module
 */

import type { Executable } from "../engines/engine.ts";
import { AbortedError } from "../errors.ts";

/** Executables by key. */
export class CompiledPrograms {
  readonly #compiled = new Map<string, Promise<Executable>>();

  /**
   * The executable of a key, which all who ask for it share.
   * @param compile - Makes it where it is not there yet; ended by the signal of who asked first.
   * @throws AbortedError if the signal fires before it is there.
   */
  async get(
    key: string,
    signal: AbortSignal | undefined,
    compile: () => Promise<Executable>,
  ): Promise<Executable> {
    let compiled = this.#compiled.get(key);
    if (!compiled) {
      compiled = compile();
      this.#compiled.set(key, compiled);
      // What was not compiled is compiled when it is asked for again.
      compiled.catch(() => this.#compiled.delete(key));
    }
    try {
      return await compiled;
    } catch (error) {
      // Somebody else's signal has ended it.
      if (error instanceof AbortedError && !signal?.aborted) return this.get(key, signal, compile);
      throw error;
    }
  }

  /** Gives memory and threads back. */
  dispose(): void {
    for (const compiled of this.#compiled.values())
      compiled.then((executable) => executable.dispose()).catch(() => undefined);
    this.#compiled.clear();
  }
}
