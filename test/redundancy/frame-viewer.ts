/** A viewer that notes when each frame comes, and whether each group comes once, whole and in order. */
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, type Group, Origin, readGroup, type TrackSubscription } from "@moq-relay/core";

/** A relay that was killed says nothing; as `moq` with several URLs has it. */
const QUICK = { idleTimeoutMs: 1500, keepAliveMs: 375 };

/** What to watch; with several URLs the next one is used when one fails. */
export interface FrameTask {
	readonly urls: readonly URL[];
	readonly broadcast: string;
	readonly track: string;
}

/** A running viewer. */
export class FrameViewer implements Disposable {
	readonly #task: FrameTask;
	readonly #origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	readonly #link: Link;
	readonly #seen = new Set<number>();
	#subscription: TrackSubscription | undefined;
	#first = Number.POSITIVE_INFINITY;
	#last = -1;
	#lastMs = Number.NaN;
	#waiting: { readonly frames: number; readonly resolve: () => void }[] = [];
	frames = 0;
	/** The longest time between two frames since `resetGap`, in ms. */
	gapMs = 0;
	/** Groups that came twice, or to a second subscription: whatever must not be. */
	readonly faults: string[] = [];
	/** Groups that were cut short. */
	cut = 0;
	/** The relay in use. */
	url: URL | undefined;

	constructor(task: FrameTask) {
		this.#task = task;
		this.#link = new Link({
			urls: task.urls,
			origin: this.#origin,
			grant: { ...GRANT_ALL, cluster: false },
			dial: (url, signal) => dial(url, { signal, transport: QUICK, tls: { disableVerify: true } }),
			sink: {
				onUp: ({ url }) => {
					this.url = url;
				},
				onDown: () => {},
			},
		});
		this.#origin.watch(task.broadcast, {
			onStart: () => {},
			onActive: () => this.#subscribe(),
			onRestart: () => this.#subscribe(),
			onUpdate: () => {},
			onEnded: () => {},
		});
	}

	/** Groups between the first and the newest that never came. */
	get missing(): number {
		return this.#last < 0 ? 0 : this.#last - this.#first + 1 - this.#seen.size;
	}

	resetGap(): void {
		this.gapMs = 0;
	}

	/** Resolves when so many more frames have come. */
	more(frames: number): Promise<void> {
		return new Promise((resolve) => this.#waiting.push({ frames: this.frames + frames, resolve }));
	}

	[Symbol.dispose](): void {
		this.#subscription?.close();
		this.#link.close();
	}

	#subscribe(): void {
		if (this.#subscription !== undefined) this.faults.push("the broadcast began anew");
		this.#subscription?.close();
		const { broadcast, track } = this.#task;
		const request = { priority: 1, ordered: true, latencyMs: 10_000, startGroup: undefined, endGroup: undefined };
		this.#subscription = this.#origin.broadcast(broadcast)?.subscribe(track, request, {
			onInfo: () => {},
			onGroup: (group) => this.#read(group),
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => this.faults.push("the track ended"),
			onError: (code) => this.faults.push(`the subscription broke with code ${code}`),
		});
	}

	#read(group: Group): void {
		const { sequence } = group;
		if (this.#seen.has(sequence)) this.faults.push(`group ${sequence} came twice`);
		this.#seen.add(sequence);
		this.#first = Math.min(this.#first, sequence);
		this.#last = Math.max(this.#last, sequence);
		readGroup(group, {
			onFrame: () => this.#frame(),
			onEnd: () => {},
			onAbort: () => {
				this.cut += 1;
			},
		});
	}

	#frame(): void {
		const nowMs = performance.now();
		if (this.frames > 0) this.gapMs = Math.max(this.gapMs, nowMs - this.#lastMs);
		this.#lastMs = nowMs;
		this.frames += 1;
		const due = this.#waiting.filter(({ frames }) => frames <= this.frames);
		this.#waiting = this.#waiting.filter((wait) => !due.includes(wait));
		for (const { resolve } of due) resolve();
	}
}
