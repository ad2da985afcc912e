/** All that a page needs to score rows and draw samples: bundle.mjs weighs it. */
export { load } from "../dist/index.js";
