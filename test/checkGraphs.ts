/** With this file imported, every graph is checked after every pass: as written, after each derivative, simplified. */

import { checkGraph } from "../src/graph/checkGraph.ts";
import { observePasses } from "../src/graph/passes.ts";

observePasses(checkGraph);
