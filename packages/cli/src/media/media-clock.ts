/**
 * Media time against real time.
 * @module
 */
import type { Clock } from "@moq-relay/core";

/** Media time on the wire counts from here, so that a later run's timestamps are later, and viewers can tell the latency. */
export const MEDIA_EPOCH_MS: number = Date.UTC(2020, 0, 1);

/** Maps an input's own time line, which may begin anywhere, to the moments at which it is sent. */
export class MediaClock {
	readonly #clock: Clock;
	readonly #signal: AbortSignal;
	#origin: { readonly us: number; readonly nowMs: number; readonly wallUs: number } | undefined;

	/** Every wait ends when the signal aborts. */
	constructor(clock: Clock, signal: AbortSignal) {
		this.#clock = clock;
		this.#signal = signal;
	}

	/** True when nothing is due any more. */
	get isStopped(): boolean {
		return this.#signal.aborted;
	}

	/** Media time `us` is now; only the first call counts. */
	start(us: number): void {
		this.#origin ??= {
			us,
			nowMs: this.#clock.nowMs(),
			wallUs: Math.round((this.#clock.wallMs() - MEDIA_EPOCH_MS) * 1000),
		};
	}

	/** What media time `us` is called on the wire: microseconds since `MEDIA_EPOCH_MS`. @throws TypeError before `start`. */
	timestampUs(us: number): number {
		const { us: originUs, wallUs } = this.#started();
		return wallUs + us - originUs;
	}

	/**
	 * True when media time `us` is due: at once, or after waiting for it. False when `changed` resolved or the signal
	 * aborted before.
	 */
	async reach(us: number, changed: Promise<void>): Promise<boolean> {
		const origin = this.#started();
		const waitMs = origin.nowMs + (us - origin.us) / 1000 - this.#clock.nowMs();
		if (this.#signal.aborted) return false;
		if (waitMs <= 0) return true;
		return new Promise((resolve) => {
			const over = (isDue: boolean): void => {
				cancel();
				this.#signal.removeEventListener("abort", onAbort);
				resolve(isDue);
			};
			const onAbort = (): void => over(false);
			const cancel = this.#clock.after(waitMs, () => over(true));
			this.#signal.addEventListener("abort", onAbort);
			void changed.then(() => over(false));
		});
	}

	#started(): { readonly us: number; readonly nowMs: number; readonly wallUs: number } {
		if (this.#origin === undefined) throw new TypeError("the media clock has not started");
		return this.#origin;
	}
}
