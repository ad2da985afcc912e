/** The worker of flows that are trained by gradients: small, and loaded with the page. */

import { LiveSession } from "./liveSession.ts";
import { answerBy } from "./worker.ts";

answerBy(LiveSession);
