/**
 * Runs the compliance checks: as tests of a transport's package, or as a list of failures for the suite's own tests.
 * @module
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CHECK_MS_MAX, TIME_SCALE } from "../limits.ts";
import type { Check } from "./check.ts";
import { complianceChecks } from "./checks.ts";
import type { TransportFactory, TransportFeature } from "./factory.ts";
import { Harness } from "./harness.ts";

/** How often, and with which seeds, each check runs. */
export interface ComplianceOptions {
	/** One run of every check for each; default `[1]`. */
	readonly seeds?: readonly number[];
}

/** A check that a transport failed. */
export interface ComplianceFailure {
	readonly title: string;
	readonly error: Error;
}

/**
 * Register one `node:test` test per check and seed. A check that needs what the carrier lacks is a test too: that the
 * lack is declared with a reason, and that the connection admits it.
 */
export function transportCompliance(name: string, factory: TransportFactory, options: ComplianceOptions = {}): void {
	describe(`${name} transport`, { timeout: CHECK_MS_MAX * TIME_SCALE * complianceChecks.length }, () => {
		for (const check of complianceChecks) {
			const reason = check.needs === undefined ? undefined : factory.without[check.needs];
			if (check.needs !== undefined && reason !== undefined) registerLack(check, check.needs, factory);
			else for (const seed of options.seeds ?? [1]) registerCheck(check, factory, seed);
		}
	});
}

/** Run the checks whose title matches once, without registering tests, and return those that failed. */
export async function complianceFailures(factory: TransportFactory, titles = /(?:)/): Promise<ComplianceFailure[]> {
	const failures: ComplianceFailure[] = [];
	for (const check of complianceChecks.filter(({ title }) => titles.test(title))) {
		if (check.needs !== undefined && factory.without[check.needs] !== undefined) continue;
		try {
			await runCheck(check, factory, 1);
		} catch (error) {
			failures.push({ title: check.title, error: error instanceof Error ? error : new Error(String(error)) });
		}
	}
	return failures;
}

function registerCheck(check: Check, factory: TransportFactory, seed: number): void {
	test(`${check.title} (seed ${seed})`, { timeout: CHECK_MS_MAX * TIME_SCALE }, () => runCheck(check, factory, seed));
}

function registerLack(check: Check, feature: TransportFeature, factory: TransportFactory): void {
	test(`${check.title} (not by this carrier: ${factory.without[feature]})`, async () => {
		assert.ok((factory.without[feature] ?? "").length > 0, `${feature} is missing without a reason`);
		const pair = await Harness.connect(factory, 1);
		if (feature === "datagrams") {
			assert.equal(pair.client.info.datagramBytesMax, 0);
			assert.equal(pair.server.info.datagramBytesMax, 0);
		}
		if (feature === "stream-limit") assert.equal(factory.streamsMax, Number.POSITIVE_INFINITY);
		await pair.finish();
	});
}

async function runCheck(check: Check, factory: TransportFactory, seed: number): Promise<void> {
	const pair = await Harness.connect(factory, seed);
	try {
		await check.run(pair);
	} catch (error) {
		await pair.abandon();
		throw error;
	}
	await pair.finish();
}
