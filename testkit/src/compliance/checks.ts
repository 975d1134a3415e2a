/**
 * All checks of the suite, area by area.
 * @module
 */
import type { Check } from "./check.ts";
import { codeChecks } from "./code-checks.ts";
import { creditChecks } from "./credit-checks.ts";
import { datagramChecks } from "./datagram-checks.ts";
import { endingChecks } from "./ending-checks.ts";
import { laneChecks } from "./lane-checks.ts";
import { lanePolicyChecks } from "./lane-policy-checks.ts";
import { streamChecks } from "./stream-checks.ts";
import { trafficChecks } from "./traffic-checks.ts";

/** Every rule that every transport keeps. */
export const complianceChecks: readonly Check[] = [
	...streamChecks,
	...codeChecks,
	...creditChecks,
	...laneChecks,
	...lanePolicyChecks,
	...datagramChecks,
	...endingChecks,
	...trafficChecks,
];
