/** A viewer of a `LivePublisher`: it comes back by itself, goes on where it was, and checks every group that it gets. */
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, type Group, Origin, readGroup, type TrackSubscription } from "@moq-relay/core";
import { QUICK, STAMP_BYTES, TRACK } from "./live-publisher.ts";

/** A subscription that broke is asked for again after so many ms. */
const AGAIN_MS = 100;

/** A viewer of one broadcast. */
export class LiveViewer implements Disposable {
	readonly #broadcast: string;
	readonly #origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	readonly #link: Link;
	readonly #seen = new Set<number>();
	#subscription: TrackSubscription | undefined;
	#waiting: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];
	#isClosed = false;
	/** Sequence number of the newest whole group; -1 before the first. */
	newest = -1;
	/** When the last group was complete, in ms of this process. */
	lastMs = Number.NaN;
	/** The longest time between two whole groups since `resetGap`, in ms. */
	gapMs = 0;
	/** Ages of the groups on their arrival since `ages` was emptied, in ms. */
	ages: number[] = [];
	/** Sequence numbers that came twice, and whatever else must not be. */
	readonly faults: string[] = [];
	/** How often the broadcast was announced anew. */
	appearances = 0;
	/** What happened, a line each. */
	readonly log: string[] = [];

	constructor(url: URL, broadcast: string) {
		this.#broadcast = broadcast;
		this.#link = new Link({
			urls: [url],
			origin: this.#origin,
			grant: { ...GRANT_ALL, cluster: false },
			dial: (to, signal) => dial(to, { signal, tls: { disableVerify: true }, transport: QUICK }),
			sink: {
				onUp: ({ connection }) => this.#note(`up over ${connection.info.transport}`),
				onDown: ({ message }) => this.#note(message),
			},
		});
		this.#origin.watch(broadcast, {
			onStart: () => {},
			onActive: () => {
				this.appearances += 1;
				this.#subscribe();
			},
			onRestart: () => this.#subscribe(),
			onUpdate: () => {},
			onEnded: () => this.#note("unannounced"),
		});
	}

	/** Groups that came whole. */
	get groups(): number {
		return this.#seen.size;
	}

	/** Groups between the first and the newest that never came whole. */
	get missing(): number {
		return this.newest < 0 ? 0 : this.newest - Math.min(...this.#seen) + 1 - this.#seen.size;
	}

	/** Everything that the relay announces to it. */
	get announced(): readonly string[] {
		return this.#origin.active("").map(({ path }) => path);
	}

	/** Forget the longest gap so far. */
	resetGap(): void {
		this.gapMs = 0;
	}

	/** Resolves when a group of at least this sequence number has come whole. */
	reaches(sequence: number): Promise<void> {
		return this.#until(() => this.newest >= sequence);
	}

	/** Resolves when so many groups have come whole. */
	counts(groups: number): Promise<void> {
		return this.#until(() => this.groups >= groups);
	}

	[Symbol.dispose](): void {
		this.#isClosed = true;
		this.#subscription?.close();
		this.#link.close();
	}

	#until(isDone: () => boolean): Promise<void> {
		if (isDone()) return Promise.resolve();
		return new Promise((resolve) => this.#waiting.push({ isDone, resolve }));
	}

	#subscribe(): void {
		if (this.#isClosed) return;
		this.#subscription?.close();
		const startGroup = this.newest < 0 ? undefined : this.newest + 1;
		const request = { priority: 1, ordered: false, latencyMs: 5000, startGroup, endGroup: undefined };
		this.#subscription = this.#origin.broadcast(this.#broadcast)?.subscribe(TRACK, request, {
			onInfo: () => {},
			onGroup: (group) => this.#read(group),
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => this.#note("the track ended"),
			onError: (code) => {
				this.#note(`the subscription ended with code ${code}`);
				setTimeout(() => this.#subscribe(), AGAIN_MS);
			},
		});
	}

	#read(group: Group): void {
		readGroup(group, {
			onFrame: ({ payload }) => this.#check(group.sequence, payload),
			onEnd: () => this.#whole(group.sequence),
			onAbort: (code) => this.#note(`group ${group.sequence} was cut short with code ${code}`),
		});
	}

	#check(sequence: number, payload: Uint8Array): void {
		const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
		const stamped = view.getFloat64(0);
		if (stamped !== sequence) this.faults.push(`group ${sequence} holds what was written as ${stamped}`);
		const filler = sequence & 0xff;
		if (payload.subarray(STAMP_BYTES).some((byte) => byte !== filler)) this.faults.push(`group ${sequence} is garbled`);
		this.ages.push(performance.now() - view.getFloat64(8));
	}

	#whole(sequence: number): void {
		if (this.#seen.has(sequence)) this.faults.push(`group ${sequence} came twice`);
		this.#seen.add(sequence);
		this.newest = Math.max(this.newest, sequence);
		const nowMs = performance.now();
		if (this.groups > 1) this.gapMs = Math.max(this.gapMs, nowMs - this.lastMs);
		this.lastMs = nowMs;
		const done = this.#waiting.filter(({ isDone }) => isDone());
		this.#waiting = this.#waiting.filter((wait) => !done.includes(wait));
		for (const { resolve } of done) resolve();
	}

	#note(line: string): void {
		this.log.push(`${performance.now().toFixed(0)} ${line}`);
	}
}
