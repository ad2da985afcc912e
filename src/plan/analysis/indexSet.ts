/**
 * Sets of small whole numbers as bits, for the transitive order of thousands of units.
 *
 * @module
 */

/** A set of whole numbers from 0; iteration is in ascending order. */
export class IndexSet {
  #words = new Uint32Array(4);

  has(index: number): boolean {
    const words = this.#words;
    const place = index >>> 5;
    return place < words.length && (words[place]! & (1 << (index & 31))) !== 0;
  }

  add(index: number): void {
    if (index >>> 5 >= this.#words.length) this.#grow(Math.max((index >>> 5) + 1, 2 * this.#words.length));
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
    // To that length and no further: sets that take in one another would else double again and again.
    if (words.length > this.#words.length) this.#grow(words.length);
    const targetWords = this.#words;
    for (let i = 0; i < words.length; i++) targetWords[i]! |= words[i]!;
  }

  /** Whether all members of another set are members. */
  includes(other: IndexSet): boolean {
    const words = this.#words;
    const otherWords = other.#words;
    for (let i = 0; i < otherWords.length; i++)
      if ((otherWords[i]! & ~(i < words.length ? words[i]! : 0)) !== 0) return false;
    return true;
  }

  copy(): IndexSet {
    const copy = new IndexSet();
    copy.#words = this.#words.slice();
    return copy;
  }

  *[Symbol.iterator](): Generator<number> {
    const words = this.#words;
    for (let i = 0; i < words.length; i++)
      for (let left = words[i]!; left !== 0; left &= left - 1) yield 32 * i + 31 - Math.clz32(left & -left);
  }

  #grow(words: number): void {
    const grown = new Uint32Array(words);
    grown.set(this.#words);
    this.#words = grown;
  }
}
