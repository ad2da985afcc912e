/** With this file imported, as it is by every test, every plan that is made is checked. */

import { checkPlan } from "../src/plan/check/checkPlan.ts";
import { observePlans } from "../src/plan/plans.ts";

observePlans(checkPlan);
