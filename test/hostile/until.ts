/**
 * Waiting for what other processes do in their own time.
 * @module
 */
import assert from "node:assert/strict";
import { limits } from "@moq-relay/testkit";

/** How long a condition may take before it counts as never coming, in ms. */
const PATIENCE_MS = 60_000 * limits.TIME_SCALE;

/** Look again and again, and fail with what was missed. */
export async function until(fits: () => boolean | Promise<boolean>, what: () => string): Promise<void> {
	const deadline = performance.now() + PATIENCE_MS;
	while (!(await fits())) {
		if (performance.now() > deadline) assert.fail(what());
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
