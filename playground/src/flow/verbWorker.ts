/** The worker of all other flows: it loads what they need. */

import { VerbSession } from "./verbSession.ts";
import { answerBy } from "./worker.ts";

answerBy(VerbSession);
