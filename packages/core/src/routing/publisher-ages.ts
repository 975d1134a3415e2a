/**
 * How long each publisher of one path has been known.
 * @module
 */
import type { Clock } from "../clock.ts";
import { PUBLISHER_MEMORY_MS, PUBLISHERS_REMEMBERED_MAX } from "../model/limits.ts";
import type { OriginId, Route } from "../model/route.ts";
import { publisherOf, type Since } from "./preference.ts";

/**
 * Remembers publishers a while after their last route: in a mesh a route that is withdrawn and told again is no sign of
 * a new publisher, and if it counted as one, two publishers could replace each other without end.
 */
export class PublisherAges {
	readonly #clock: Clock;
	readonly #ages: Map<OriginId, Age> = new Map();
	#count = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	/** Since when the publisher of a route that is told now has been here. Told by itself, it is new by definition. */
	sinceOf(route: Route): Since {
		const nowMs = this.#clock.nowMs();
		const publisher = publisherOf(route);
		const known = publisher === undefined ? undefined : this.#ages.get(publisher);
		if (known !== undefined && route.hops.length > 1 && nowMs - known.seenMs < PUBLISHER_MEMORY_MS) {
			known.seenMs = nowMs;
			return known.since;
		}
		this.#count += 1;
		const since = { atMs: nowMs, order: this.#count };
		if (publisher !== undefined) this.#remember(publisher, { since, seenMs: nowMs });
		return since;
	}

	/** A route of this publisher was here until now. */
	seen(route: Route): void {
		const publisher = publisherOf(route);
		const known = publisher === undefined ? undefined : this.#ages.get(publisher);
		if (known !== undefined) known.seenMs = this.#clock.nowMs();
	}

	#remember(publisher: OriginId, age: Age): void {
		this.#ages.delete(publisher);
		this.#ages.set(publisher, age);
		if (this.#ages.size <= PUBLISHERS_REMEMBERED_MAX) return;
		const [oldest] = this.#ages.keys();
		if (oldest !== undefined) this.#ages.delete(oldest);
	}
}

interface Age {
	readonly since: Since;
	seenMs: number;
}
