/**
 * Sets of small whole numbers as bits, for the transitive order of thousands of units.
 *
 * @module
 */

/** A set of whole numbers from 0; iteration is in ascending order. */
export class IndexSet {
  #words = new Uint32Array(4);

  has(index: number): boolean {
    return ((this.#words[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    this.#grow((index >>> 5) + 1);
    this.#words[index >>> 5]! |= 1 << (index & 31);
  }

  /** Takes a number out; whether it was in. */
  delete(index: number): boolean {
    const had = this.has(index);
    if (had) this.#words[index >>> 5]! &= ~(1 << (index & 31));
    return had;
  }

  addAll(other: IndexSet): void {
    const words = other.#words;
    this.#grow(words.length);
    const targetWords = this.#words;
    for (let i = 0; i < words.length; i++) targetWords[i]! |= words[i]!;
  }

  /** Whether all members of another set are members. */
  includes(other: IndexSet): boolean {
    const words = this.#words;
    return other.#words.every((word, i) => (word & ~(words[i] ?? 0)) === 0);
  }

  copy(): IndexSet {
    const copy = new IndexSet();
    copy.#words = this.#words.slice();
    return copy;
  }

  *[Symbol.iterator](): Generator<number> {
    for (const [i, word] of this.#words.entries())
      if (word !== 0) for (let bit = 0; bit < 32; bit++) if (word & (1 << bit)) yield 32 * i + bit;
  }

  #grow(words: number): void {
    if (words <= this.#words.length) return;
    const grown = new Uint32Array(Math.max(words, 2 * this.#words.length));
    grown.set(this.#words);
    this.#words = grown;
  }
}
