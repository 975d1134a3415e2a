/**
 * One listener of the routing table.
 * @module
 */
import type { OriginId, Route } from "../model/route.ts";
import type { Change } from "./listing.ts";
import type { Announced, WatchSink } from "./watch.ts";

/** How a watcher listens. */
export interface WatcherOptions {
	/** Routes through this id are not shown. */
	readonly excludeHop: OriginId | undefined;
	/** Whether it is another relay that listens. */
	readonly isRelay: boolean;
	/** The sink threw. */
	readonly onFault: (thrown: unknown) => void;
}

/** Turns changes of the table into the events of one sink. */
export class Watcher {
	readonly #sink: WatchSink;
	readonly #options: WatcherOptions;
	#closed = false;

	constructor(sink: WatchSink, options: WatcherOptions) {
		this.#sink = sink;
		this.#options = options;
	}

	start(active: readonly Announced[]): void {
		const shown = active.filter(({ route }) => this.#isShown(route));
		this.#guard(() => this.#sink.onStart(shown));
	}

	close(): void {
		this.#closed = true;
	}

	tell(change: Change): void {
		if (this.#closed || (change.to !== undefined && (change.to === "relays") !== this.#options.isRelay)) return;
		this.#guard(() => this.#emit(change));
	}

	#emit({ path, before, after, restart }: Change): void {
		const wasShown = before !== undefined && this.#isShown(before);
		if (after === undefined || !this.#isShown(after)) {
			if (wasShown) this.#sink.onEnded(path);
		} else if (!wasShown) {
			this.#sink.onActive(path, after);
		} else if (restart) {
			this.#sink.onRestart(path, after);
		} else {
			this.#sink.onUpdate(path, after);
		}
	}

	#isShown(route: Route): boolean {
		const { excludeHop } = this.#options;
		return excludeHop === undefined || !route.hops.includes(excludeHop);
	}

	#guard(event: () => void): void {
		try {
			event();
		} catch (thrown) {
			this.#options.onFault(thrown);
		}
	}
}
