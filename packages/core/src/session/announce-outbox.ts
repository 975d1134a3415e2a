/**
 * What an announce stream has to tell, at the pace at which the peer reads.
 * @module
 */
import { Code } from "@moq-relay/wire";
import type { Route } from "../model/route.ts";
import type { SessionContext } from "./context.ts";
import { SessionError } from "./error.ts";
import type { MessageStream } from "./message-stream.ts";

/** One path, from what the peer was told of it to what it is to be told. */
export interface Told {
	/** The peer holds it as live. */
	readonly held: boolean;
	/** Undefined: it has ended. */
	readonly route: Route | undefined;
}

/** What an outbox needs of its session. */
export type OutboxContext = Pick<SessionContext, "clock" | "limits" | "fail">;

/**
 * Tells changes at once while there is room. A burst of names, which others may cause, must not cost a peer its session:
 * while there is none, the outcome of all changes is kept for each path, and told when there is room again.
 */
export class AnnounceOutbox {
	readonly #context: OutboxContext;
	readonly #stream: Pick<MessageStream, "offer">;
	readonly #encode: (path: string, told: Told) => Uint8Array;
	readonly #late: Map<string, Told> = new Map();
	/** Since when nothing has gone through, in monotonic ms; undefined while there is room. */
	#blockedSinceMs: number | undefined;
	#cancelPoll: (() => void) | undefined;

	/** `encode` makes the messages that lead from one to the other. */
	constructor(
		context: OutboxContext,
		stream: Pick<MessageStream, "offer">,
		encode: (path: string, told: Told) => Uint8Array,
	) {
		this.#context = context;
		this.#stream = stream;
		this.#encode = encode;
	}

	/** Send bytes that begin the stream. */
	begin(bytes: Uint8Array): void {
		this.#offer(bytes);
	}

	/** Tell a change, now or when there is room. */
	tell(path: string, told: Told): void {
		if (this.#late.size === 0 && this.#blockedSinceMs === undefined) {
			this.#offer(this.#encode(path, told));
			return;
		}
		const held = this.#late.get(path)?.held ?? told.held;
		// A path keeps its place: ends that could be put off for ever would pile up, since they count as shown no longer.
		if (held || told.route !== undefined) this.#late.set(path, { held, route: told.route });
		else this.#late.delete(path);
		this.#cancelPoll ??= this.#context.clock.after(UNREAD_POLL_MS, () => this.#poll());
	}

	/** Tell nothing more. */
	close(): void {
		this.#cancelPoll?.();
		this.#cancelPoll = undefined;
		this.#late.clear();
	}

	/** The transport does not tell when there is room, so it is asked with what comes next. */
	#poll(): void {
		this.#cancelPoll = undefined;
		let bytes = 0;
		for (const [path, told] of this.#late) {
			if (bytes >= FLUSH_BYTES) break;
			this.#late.delete(path);
			const message = this.#encode(path, told);
			bytes += message.length;
			if (!this.#offer(message)) break;
		}
		if (this.#isStuck()) {
			this.#context.fail(new SessionError(Code.BoundsExceeded, "peer does not read its announcements"));
		} else if (this.#late.size > 0) {
			this.#cancelPoll = this.#context.clock.after(UNREAD_POLL_MS, () => this.#poll());
		}
	}

	#offer(bytes: Uint8Array): boolean {
		const room = this.#stream.offer(bytes);
		if (room) this.#blockedSinceMs = undefined;
		else this.#blockedSinceMs ??= this.#context.clock.nowMs();
		return room;
	}

	#isStuck(): boolean {
		const { clock, limits } = this.#context;
		return this.#blockedSinceMs !== undefined && clock.nowMs() - this.#blockedSinceMs > limits.unreadMs;
	}
}

/** Time between two attempts to tell more, in ms. */
const UNREAD_POLL_MS = 100;

/** Bytes told at a time after a pause: a transport in another thread learns of a full stream only later. */
const FLUSH_BYTES = 128 * 1024;
