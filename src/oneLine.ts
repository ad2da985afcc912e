/**
 * Text for people as one line: names of columns and files, and cells, may hold anything, also what a terminal would obey.
 *
 * @module
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced.
const controls = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `\n`, `\t` or `\u001b`, as JavaScript and JSON write them. */
function escaped(letter: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[letter];
  return short ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/**
 * Text in which line breaks, control characters, and letters that are not seen or turn the direction of writing are escapes, such as
 * `\u001b`: one line that is what it looks like.
 */
export function oneLine(text: string): string {
  return text.replace(controls, escaped);
}

/** The same of text with lines of its own: line feeds stay. */
export function plainLines(text: string): string {
  return text.replace(controls, (letter) => (letter === "\n" ? letter : escaped(letter)));
}
