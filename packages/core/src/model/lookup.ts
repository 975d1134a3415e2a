/**
 * Track infos asked for without subscribing.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { LOOKUPS_MAX } from "./limits.ts";
import type { Settings } from "./settings.ts";
import type { Source, TrackInfo } from "./source.ts";

/** Who waits for an info; exactly one of the two is called. */
export interface InfoSink {
	onInfo(info: TrackInfo): void;
	onError(code: number): void;
}

/** Asks upstream once for all who ask, and remembers the answer as long as an unused track is kept. */
export class LookupTable {
	readonly #settings: Settings;
	readonly #lookups: Map<string, Lookup> = new Map();
	#source: Source | undefined;

	constructor(settings: Settings, source: Source | undefined) {
		this.#settings = settings;
		this.#source = source;
	}

	/** Lookups under way or remembered. */
	get size(): number {
		return this.#lookups.size;
	}

	/** The sink may be called inside. Returns the cancellation. */
	ask(track: string, sink: InfoSink): () => void {
		let lookup = this.#lookups.get(track);
		if (lookup === undefined) {
			if (this.#lookups.size >= LOOKUPS_MAX) {
				sink.onError(Code.BoundsExceeded);
				return () => {};
			}
			lookup = this.#create(track);
		}
		const asked = lookup;
		const leave = asked.join(sink);
		asked.ask(this.#source);
		return () => {
			leave();
			if (asked.isUnused && this.#lookups.get(track) === asked) this.#remove(track, asked);
		};
	}

	/** What the source in use has answered; undefined where it has not, or it is long ago. */
	known(track: string): TrackInfo | undefined {
		return this.#source === undefined ? undefined : this.#lookups.get(track)?.answerOf(this.#source);
	}

	/** Ask again elsewhere what is still open; undefined waits. */
	switchTo(source: Source | undefined): void {
		this.#source = source;
		for (const lookup of this.#lookups.values()) lookup.restart(source);
	}

	/** A source is no more: what was asked of it waits for the next. */
	withdraw(source: Source): void {
		if (this.#source === source) this.switchTo(undefined);
	}

	/** Answer what is still open with a stream code. */
	fail(code: number): void {
		for (const [track, lookup] of this.#lookups) {
			this.#remove(track, lookup);
			lookup.fail(code);
		}
	}

	#create(track: string): Lookup {
		const lookup: Lookup = new Lookup(track, {
			onFault: this.#settings.onFault,
			onAnswered: () => lookup.keep(this.#settings.clock.after(this.#settings.trackLingerMs, () => forget())),
			onFailed: () => forget(),
		});
		const forget = () => this.#remove(track, lookup);
		this.#lookups.set(track, lookup);
		return lookup;
	}

	#remove(track: string, lookup: Lookup): void {
		if (this.#lookups.get(track) !== lookup) return;
		this.#lookups.delete(track);
		lookup.close();
	}
}

interface LookupOwner {
	onAnswered(): void;
	onFailed(): void;
	onFault(thrown: unknown): void;
}

class Lookup {
	readonly #track: string;
	readonly #owner: LookupOwner;
	readonly #sinks: Set<InfoSink> = new Set();
	#info: TrackInfo | undefined;
	/** Who was asked last. */
	#source: Source | undefined;
	#asked = false;
	/** Answers of an earlier attempt are ignored. */
	#attempt = 0;
	#cancel: (() => void) | undefined;
	#cancelKeep: (() => void) | undefined;

	constructor(track: string, owner: LookupOwner) {
		this.#track = track;
		this.#owner = owner;
	}

	get isUnused(): boolean {
		return this.#info === undefined && this.#sinks.size === 0;
	}

	answerOf(source: Source): TrackInfo | undefined {
		return source === this.#source ? this.#info : undefined;
	}

	join(sink: InfoSink): () => void {
		if (this.#info === undefined) this.#sinks.add(sink);
		else this.#tell(sink, this.#info);
		return () => this.#sinks.delete(sink);
	}

	ask(source: Source | undefined): void {
		if (this.#asked || this.#info !== undefined || source === undefined) return;
		this.#asked = true;
		this.#source = source;
		this.#attempt += 1;
		const attempt = this.#attempt;
		const onInfo = (info: TrackInfo) => {
			if (attempt === this.#attempt) this.#answer(info);
		};
		const onError = (code: number) => {
			if (attempt !== this.#attempt) return;
			this.#owner.onFailed();
			this.fail(code);
		};
		const cancel = source.info(this.#track, onInfo, onError);
		if (attempt === this.#attempt) this.#cancel = cancel;
		else cancel();
	}

	restart(source: Source | undefined): void {
		if (this.#info !== undefined) return;
		this.close();
		this.#asked = false;
		this.ask(source);
	}

	keep(cancelKeep: () => void): void {
		this.#cancelKeep = cancelKeep;
	}

	fail(code: number): void {
		for (const sink of this.#takeSinks()) this.#tell(sink, code);
	}

	close(): void {
		this.#attempt += 1;
		this.#cancelKeep?.();
		this.#cancel?.();
		this.#cancel = undefined;
	}

	#answer(info: TrackInfo): void {
		this.#attempt += 1;
		this.#info = info;
		this.#cancel = undefined;
		this.#owner.onAnswered();
		for (const sink of this.#takeSinks()) this.#tell(sink, info);
	}

	#takeSinks(): InfoSink[] {
		const sinks = [...this.#sinks];
		this.#sinks.clear();
		return sinks;
	}

	#tell(sink: InfoSink, outcome: TrackInfo | number): void {
		try {
			if (typeof outcome === "number") sink.onError(outcome);
			else sink.onInfo(outcome);
		} catch (thrown) {
			this.#owner.onFault(thrown);
		}
	}
}
