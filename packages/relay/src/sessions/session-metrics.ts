/**
 * What Prometheus is told of the sessions.
 * @module
 */
import type { MetricsSource, Sample } from "../metrics/metrics.ts";
import type { GaugeName, SumName } from "../metrics/series.ts";
import { type LiveSession, type Sessions, scopeOf } from "./sessions.ts";
import { type Scope, Totals } from "./totals.ts";

/** Sums and gauges over sessions; those that end are added up when they do. */
export class SessionMetrics implements MetricsSource {
	readonly #sessions: Sessions;
	readonly #closed = new Ledger();

	constructor(sessions: Sessions) {
		this.#sessions = sessions;
		sessions.onClosed((live) => this.#closed.add(live));
	}

	*sums(): Iterable<Sample<SumName>> {
		yield* this.#closed.samples();
		const live = new Ledger();
		for (const one of this.#sessions.values()) live.add(one);
		yield* live.samples();
	}

	*gauges(): Iterable<Sample<GaugeName>> {
		for (const live of this.#sessions.values()) yield* sessionGauges(live);
	}
}

/** Sums by scope and tier; both come from configuration and fixed sets, so there are few. */
class Ledger {
	readonly #totals = new Map<string, { readonly scope: Scope; readonly tier: string; readonly totals: Totals }>();

	constructor() {
		// What there was nothing of yet shows 0, which alerts can tell from absence.
		for (const scope of ["public", "cluster"] as const) this.#of(scope, "");
	}

	add(live: LiveSession): void {
		this.#of(scopeOf(live), live.tier).add(live.connection, live.session);
	}

	*samples(): Iterable<Sample<SumName>> {
		for (const { scope, tier, totals } of this.#totals.values()) yield* totals.samples(scope, tier);
	}

	#of(scope: Scope, tier: string): Totals {
		const key = `${scope} ${tier}`;
		const known = this.#totals.get(key) ?? { scope, tier, totals: new Totals() };
		this.#totals.set(key, known);
		return known.totals;
	}
}

function* sessionGauges(live: LiveSession): Iterable<Sample<GaugeName>> {
	const scope = scopeOf(live);
	const { counters } = live.session;
	yield { name: "moq_sessions", value: 1, labels: { transport: live.connection.info.transport, role: scope } };
	yield { name: "moq_subscriptions", value: counters.subscriptionsServing, labels: { scope } };
	yield { name: "moq_upstream_subscriptions", value: counters.subscriptionsRequesting, labels: { scope } };
	yield { name: "moq_announcements", value: counters.announcements, labels: { scope } };
}
