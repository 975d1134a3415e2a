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
	readonly #closed: ReadonlyMap<Scope, Totals> = new Map([
		["public", new Totals()],
		["cluster", new Totals()],
	]);

	constructor(sessions: Sessions) {
		this.#sessions = sessions;
		sessions.onClosed((live) => this.#closed.get(scopeOf(live))?.add(live.connection, live.session));
	}

	*sums(): Iterable<Sample<SumName>> {
		for (const [scope, closed] of this.#closed) {
			yield* closed.samples(scope);
			const live = new Totals();
			for (const one of this.#sessions.values()) if (scopeOf(one) === scope) live.add(one.connection, one.session);
			yield* live.samples(scope);
		}
	}

	*gauges(): Iterable<Sample<GaugeName>> {
		for (const live of this.#sessions.values()) yield* sessionGauges(live);
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
