/** A viewer of one track, with the project's own client: it comes back by itself, and checks the order of what it gets. */
import { dial, Link, systemClock } from "@moq-relay/client";
import { GRANT_ALL, type Group, Origin, readGroup, type TrackSubscription } from "@moq-relay/core";

/** What to watch, and how to get there. */
export interface ViewerTask {
	readonly url: URL;
	readonly broadcast: string;
	readonly track: string;
}

/** A group may be so late, in ms: a busy machine must not look like a relay that loses groups. */
const PATIENCE_MS = 30_000;

/** A running viewer; end it with `close`. */
export class Viewer {
	readonly #task: ViewerTask;
	readonly #origin = new Origin({ clock: systemClock, id: 1 + Math.floor(Math.random() * 2 ** 40) });
	readonly #link: Link;
	#subscription: TrackSubscription | undefined;
	#first = Number.POSITIVE_INFINITY;
	#last = -1;
	#begun = 0;
	#waiting: { readonly frames: number; readonly resolve: () => void }[] = [];
	/** Frames so far. */
	frames = 0;
	/** Groups that came whole, and those that were cut short. */
	groups = 0;
	cut = 0;
	/** What happened on the link, a line each. */
	readonly log: string[] = [];

	constructor(task: ViewerTask) {
		this.#task = task;
		this.#link = new Link({
			urls: [task.url],
			origin: this.#origin,
			grant: { ...GRANT_ALL, cluster: false },
			dial: (url, signal) => dial(url, { signal }),
			sink: {
				onUp: ({ connection }) => this.log.push(`up over ${connection.info.transport}`),
				onDown: ({ message }) => this.log.push(message),
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

	/** Sequence numbers left out since the subscription began. */
	get missing(): number {
		return this.#last < 0 ? 0 : this.#last - this.#first + 1 - this.#begun;
	}

	close(): void {
		this.#subscription?.close();
		this.#link.close();
	}

	/** Resolves when so many more frames have come. */
	more(frames: number): Promise<void> {
		return new Promise((resolve) => this.#waiting.push({ frames: this.frames + frames, resolve }));
	}

	#subscribe(): void {
		this.#subscription?.close();
		this.#first = Number.POSITIVE_INFINITY;
		this.#last = -1;
		this.#begun = 0;
		const { broadcast, track } = this.#task;
		const request = { priority: 1, ordered: false, latencyMs: PATIENCE_MS, startGroup: undefined, endGroup: undefined };
		this.#subscription = this.#origin.broadcast(broadcast)?.subscribe(track, request, {
			onInfo: () => {},
			onGroup: (group) => this.#read(group),
			onDatagram: () => {},
			onDropped: () => {},
			onEnd: () => {},
			onError: (code) => this.log.push(`the subscription ended with code ${code}`),
		});
	}

	#read(group: Group): void {
		this.#begun += 1;
		this.#first = Math.min(this.#first, group.sequence);
		this.#last = Math.max(this.#last, group.sequence);
		readGroup(group, {
			onFrame: () => this.#frame(),
			onEnd: () => {
				this.groups += 1;
			},
			onAbort: () => {
				this.cut += 1;
			},
		});
	}

	#frame(): void {
		this.frames += 1;
		const due = this.#waiting.filter(({ frames }) => frames <= this.frames);
		this.#waiting = this.#waiting.filter((wait) => !due.includes(wait));
		for (const { resolve } of due) resolve();
	}
}
