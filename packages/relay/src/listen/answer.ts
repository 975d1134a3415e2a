/**
 * An HTTP answer on its way, as main sees it.
 * @module
 */
import type { Headers } from "./doorway.ts";

/** What happens to an answer while it is given. */
export interface AnswerSink {
	/** The peer left, or its worker did: nothing more is wanted. */
	onGone(): void;
	/** There is room for more of the body again. */
	onRoom(): void;
}

/** One answer: `head`, then `write` any number of times, then `end` or `cut`; after those, calls are ignored. */
export interface Answer {
	/** Status and headers (lower-case names); once. */
	head(status: number, headers: Headers): void;
	/** Part of the body. False: wait for `onRoom`, though the bytes are taken. */
	write(bytes: Uint8Array): boolean;
	end(): void;
	/** Give up in the middle; the peer sees a broken connection, not a short body. */
	cut(): void;
	/** Hear of what happens; without it the answer just goes nowhere when the peer leaves. */
	follow(sink: AnswerSink): void;
}
