/**
 * What all sessions there ever were have moved.
 * @module
 */
import type { Connection, Session } from "@moq-relay/core";
import type { Sample } from "../metrics/metrics.ts";
import type { SumName } from "../metrics/series.ts";

/** Whether a session's peer is a publisher or viewer, or another relay. */
export type Scope = "public" | "cluster";

/** Sums of one scope. */
export class Totals {
	#bytesIn = 0;
	#bytesOut = 0;
	#groupsIn = 0;
	#groupsOut = 0;
	#groupsDropped = 0;
	#datagramsIn = 0;
	#datagramsOut = 0;

	/** Add a session as it stands. */
	add(connection: Connection, session: Session): void {
		const { counters } = session;
		this.#bytesIn += counters.bytesReceived;
		this.#bytesOut += connection.stats().bytesSent;
		this.#groupsIn += counters.groupsReceived;
		this.#groupsOut += counters.groupsServed;
		this.#groupsDropped += counters.groupsDropped;
		this.#datagramsIn += counters.datagramsReceived;
		this.#datagramsOut += counters.datagramsServed;
	}

	/** As samples; `tier` is a statistics label. */
	*samples(scope: Scope, tier: string): Iterable<Sample<SumName>> {
		yield* directions("moq_bytes_total", scope, [this.#bytesIn, this.#bytesOut]);
		yield* directions("moq_groups_total", scope, [this.#groupsIn, this.#groupsOut]);
		yield* directions("moq_datagrams_total", scope, [this.#datagramsIn, this.#datagramsOut]);
		yield { name: "moq_subscriber_dropped_groups_total", value: this.#groupsDropped, labels: { scope } };
		yield* roles("moq_relay_bytes_total", tier, [this.#bytesIn, this.#bytesOut]);
		yield* roles("moq_relay_groups_total", tier, [this.#groupsIn, this.#groupsOut]);
		yield* roles("moq_relay_datagrams_total", tier, [this.#datagramsIn, this.#datagramsOut]);
	}
}

function* directions(
	name: SumName,
	scope: Scope,
	[received, sent]: readonly [number, number],
): Iterable<Sample<SumName>> {
	yield { name, value: received, labels: { direction: "in", scope } };
	yield { name, value: sent, labels: { direction: "out", scope } };
}

/** The reference's labels: what came from publishers, and what went to subscribers. */
function* roles(name: SumName, tier: string, [received, sent]: readonly [number, number]): Iterable<Sample<SumName>> {
	yield { name, value: received, labels: { tier, role: "publisher" } };
	yield { name, value: sent, labels: { tier, role: "subscriber" } };
}
