// The page of a part that flows are built of, and the list of all of them.
import { parts, programOf, sorts } from "./parts.mjs";

const captions = {
  bijection:
    "A square grid of base points (gray) and what the map of the example makes of it (blue), with parameters drawn at random where it has trained ones.",
  transformer:
    "y, on the side of the data, over x, on that of the base: for four draws of its parameters where it has any.",
  base: "Seven hundred samples of the base of the example, with parameters drawn at random where it has trained ones.",
};

/** Markdown of the page. */
export function pageOfPart(part) {
  const { name, entry, variable, head, says, cost, file } = part;
  return `# ${name}

${says} All its options: [${name}](/reference/pushforward/${entry}/functions/${name}).

![${name}](/parts/${name}.svg){.part}

${captions[variable]}

**Cost**: ${cost}.

## Mathematics

*From \`src/${file}.ts\`, where it is implemented.*

${head}

## Example

\`\`\`ts
${programOf(part)}\`\`\`
`;
}

/** The lists of all parts. */
export function listOfParts() {
  return sorts
    .map(({ entry, title }) => {
      const rows = parts
        .filter((part) => part.entry === entry)
        .map(({ name, says, cost }) => `| [${name}](/parts/${name}) | ${firstSentence(says)} | ${cost} |`);
      return [`## ${title}`, "", "| name | what it is | cost |", "| --- | --- | --- |", ...rows].join("\n");
    })
    .join("\n\n");
}

function firstSentence(text) {
  return (
    text
      .replaceAll("\n", " ")
      .replaceAll("|", "\\|")
      .match(/^.*?[.](?= |$)/)?.[0] ?? text
  );
}
