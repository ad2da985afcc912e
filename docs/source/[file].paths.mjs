import { contentOfFile, linkedFiles, pageName } from "../.vitepress/filePages.mjs";

export default {
  paths: () =>
    linkedFiles().map((file) => ({ params: { file: pageName(file) }, content: contentOfFile(file) })),
};
