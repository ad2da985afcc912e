// Colors of code as variables, which theme/site.css sets for light and dark: of a pair of themes every block is read once for each. The
// scopes and the colors are those of GitHub's themes, which VitePress takes of itself.
const scopes = {
  comment: ["comment", "punctuation.definition.comment"],
  constant: [
    ...["constant", "entity.name.constant", "variable.other.constant", "variable.other.enummember"],
    ...["variable.language", "support", "meta.property-name", "string variable", "meta.module-reference"],
  ],
  name: ["entity", "entity.name"],
  tag: ["entity.name.tag", "string.regexp constant.character.escape"],
  keyword: ["keyword", "storage", "storage.type"],
  string: ["string", "punctuation.definition.string", "string punctuation.section.embedded source"],
  variable: ["variable"],
  text: [
    ...["variable.parameter.function", "variable.other"],
    ...["storage.modifier.package", "storage.modifier.import"],
  ],
};

const color = (name) => `var(--code-${name})`;

export const codeTheme = {
  name: "variables",
  type: "light",
  fg: color("text"),
  bg: color("ground"),
  settings: Object.entries(scopes).map(([name, scope]) => ({ scope, settings: { foreground: color(name) } })),
};
