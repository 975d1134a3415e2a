/**
 * A tape as a worker holds it: filled by main, and known to be idle when it has ended and nothing plays it.
 * @module
 */
import { type Encoding, Tape, type TapeSink } from "@moq-relay/core";

/** Counts its plays, so that main can be told when the worker need not hold it any longer. */
export class MirrorTape extends Tape {
	readonly #onIdle: (plays: number) => void;
	#attached = 0;
	#plays = 0;

	/** `onIdle` is called with the plays begun so far, perhaps more than once. */
	constructor(encoding: Encoding, onIdle: (plays: number) => void) {
		super(encoding);
		this.#onIdle = onIdle;
	}

	/** A play was begun. */
	played(): void {
		this.#plays += 1;
		this.judge();
	}

	/** Report idleness, if so. */
	judge(): void {
		if (this.#attached === 0 && this.state !== "open") this.#onIdle(this.#plays);
	}

	override attach(sink: TapeSink): () => void {
		this.#attached += 1;
		const detach = super.attach(sink);
		let attached = true;
		return () => {
			if (!attached) return;
			attached = false;
			detach();
			this.#attached -= 1;
			this.judge();
		};
	}
}
