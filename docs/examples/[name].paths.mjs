import { contentOfFile, examples } from "../.vitepress/filePages.mjs";

export default {
  paths: () =>
    examples().map((file) => ({
      params: { name: file.slice("examples/".length, -".js".length) },
      content: contentOfFile(file),
    })),
};
