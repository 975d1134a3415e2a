/**
 * Groups fetched from upstream one by one.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Encoding } from "../tape.ts";
import type { CacheEntry } from "./cache.ts";
import { Group, type GroupObserver } from "./group.ts";
import { FETCHES_MAX } from "./limits.ts";
import { keepMsOf, type Settings } from "./settings.ts";
import { type FetchSink, type GroupWriter, type Source, TRACK_INFO_DEFAULT, type TrackInfo } from "./source.ts";
import type { GroupSink } from "./subscription.ts";

/** Which group is wanted. */
export interface FetchTarget {
	readonly track: string;
	readonly group: number;
	/** 0–255, higher first; only the first who asks decides. */
	readonly priority: number;
	/** What is known of the track. */
	readonly info: TrackInfo | undefined;
}

/** Fetches each group once for all who ask, and keeps it a while for those who ask later. */
export class FetchTable {
	readonly #settings: Settings;
	readonly #fetches: Map<string, Fetch> = new Map();

	constructor(settings: Settings) {
		this.#settings = settings;
	}

	/** Fetches under way or kept. */
	get size(): number {
		return this.#fetches.size;
	}

	/** The sink may be called inside. Returns the cancellation. */
	fetch(target: FetchTarget, source: Source | undefined, sink: GroupSink): () => void {
		const key = `${target.group}/${target.track}`;
		let fetch = this.#fetches.get(key);
		if (fetch !== undefined) return fetch.join(sink);
		if (source === undefined || this.#fetches.size >= FETCHES_MAX) {
			sink.onError(source === undefined ? Code.NotFound : Code.BoundsExceeded);
			return () => {};
		}
		const forget = (gone: Fetch) => {
			if (this.#fetches.get(key) === gone) this.#fetches.delete(key);
		};
		fetch = new Fetch(target, { settings: this.#settings, source, onGone: forget });
		this.#fetches.set(key, fetch);
		const leave = fetch.join(sink);
		fetch.open();
		return leave;
	}

	/** A source is no more. */
	withdraw(source: Source): void {
		for (const fetch of this.#fetches.values()) if (fetch.source === source) fetch.fail(Code.Dropped);
	}

	/** End what is still open with a stream code. */
	fail(code: number): void {
		for (const fetch of this.#fetches.values()) fetch.fail(code);
	}
}

interface FetchOptions {
	readonly settings: Settings;
	readonly source: Source;
	readonly onGone: (fetch: Fetch) => void;
}

/** One group on its way, or kept; charged to the cache like any other. */
class Fetch implements FetchSink, GroupObserver, CacheEntry {
	readonly source: Source;
	readonly #target: FetchTarget;
	readonly #options: FetchOptions;
	/** Those who wait for the group to begin, then those who use it while it comes. */
	readonly #sinks: Set<GroupSink> = new Set();
	#group: Group | undefined;
	#charged = 0;
	#gone = false;
	#cancel: (() => void) | undefined;
	#cancelKeep: (() => void) | undefined;

	constructor(target: FetchTarget, options: FetchOptions) {
		this.source = options.source;
		this.#target = target;
		this.#options = options;
	}

	open(): void {
		const { track, group, priority } = this.#target;
		const cancel = this.source.fetch(track, { group, priority }, this);
		if (this.#gone) cancel();
		else this.#cancel = cancel;
	}

	join(sink: GroupSink): () => void {
		this.#sinks.add(sink);
		const group = this.#group;
		if (group !== undefined) this.#tell(() => sink.onGroup(group));
		return () => {
			this.#sinks.delete(sink);
			if (this.#sinks.size === 0 && this.#isOpen()) this.fail(Code.Cancel);
		};
	}

	onGroup(encoding: Encoding): GroupWriter {
		const { settings } = this.#options;
		const timescale = this.#target.info?.timescale ?? TRACK_INFO_DEFAULT.timescale;
		const group = new Group({
			sequence: this.#target.group,
			encoding,
			timescale,
			sourceTimescale: timescale,
			wallMs: () => settings.clock.wallMs(),
			observer: this,
		});
		if (this.#gone || this.#group !== undefined) {
			group.abort(Code.Cancel);
			return group;
		}
		this.#group = group;
		this.onGrow(group, group.byteLength);
		for (const sink of Array.from(this.#sinks)) this.#tell(() => sink.onGroup(group));
		return group;
	}

	onError(code: number): void {
		this.fail(code);
	}

	onGrow(_group: Group, bytes: number): void {
		if (this.#gone) return;
		this.#charged += bytes;
		this.#options.settings.cache.charge(bytes);
	}

	onGroupEnd(group: Group): void {
		if (this.#gone || group !== this.#group) return;
		this.#cancel = undefined;
		if (group.state !== "finished") {
			this.#leave();
			return;
		}
		const { settings } = this.#options;
		const keepMs = keepMsOf(settings, this.#target.info?.latencyMaxMs ?? TRACK_INFO_DEFAULT.latencyMaxMs);
		this.#cancelKeep = settings.clock.after(keepMs, () => this.evict());
		settings.cache.offer(this);
	}

	/** Drop the kept group. */
	evict(): void {
		this.#leave();
		this.#group?.evict();
	}

	/** Give the fetch up, unless the group is here whole. */
	fail(code: number): void {
		if (!this.#isOpen()) return;
		this.#leave();
		if (this.#group === undefined) {
			for (const sink of Array.from(this.#sinks)) this.#tell(() => sink.onError(code));
		} else {
			this.#group.abort(code);
			this.#group.evict();
		}
		this.#sinks.clear();
	}

	#isOpen(): boolean {
		return !this.#gone && (this.#group === undefined || this.#group.state === "open");
	}

	#leave(): void {
		if (this.#gone) return;
		this.#gone = true;
		this.#cancel?.();
		this.#cancelKeep?.();
		const { cache } = this.#options.settings;
		cache.withdraw(this);
		cache.release(this.#charged);
		this.#options.onGone(this);
	}

	#tell(event: () => void): void {
		try {
			event();
		} catch (thrown) {
			this.#options.settings.onFault(thrown);
		}
	}
}
