/**
 * One FETCH or TRACK of the peer, until it is answered.
 * @module
 */
import { Code, type Path } from "@moq-relay/wire";
import type { Tape } from "../tape.ts";
import { StreamError } from "./error.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";

/** What the table tells a new request. */
export interface ServedRequestOptions {
	readonly part: "fetch" | "track";
	/** The broadcast as the peer calls it. */
	readonly name: Path;
	readonly stream: MessageStream;
	/** Called once, when it is answered in full. */
	readonly onOver: () => void;
}

/** A request that is answered once. */
export class ServedRequest implements MessageHandler {
	readonly part: "fetch" | "track";
	readonly name: Path;
	readonly #options: ServedRequestOptions;
	/** Undoes what is under way: the question to the model, or the watch on the group. */
	#cancel: (() => void) | undefined;
	#state: "asking" | "playing" | "over" = "asking";

	constructor(options: ServedRequestOptions) {
		this.part = options.part;
		this.name = options.name;
		this.#options = options;
	}

	/** Ask the model; it may answer before this returns. */
	start(ask: (request: ServedRequest) => () => void): void {
		const cancel = ask(this);
		if (this.#state === "asking") this.#cancel = cancel;
	}

	/** The answer is these bytes. */
	answer(bytes: Uint8Array): void {
		if (this.#state !== "asking") return;
		this.#end();
		this.#options.stream.write(bytes);
		this.#options.stream.finish();
	}

	/** The answer is this tape; the request is under way until the tape ends. */
	play(tape: Tape, priority: number): void {
		if (this.#state !== "asking") return;
		this.#state = "playing";
		this.#options.stream.play(tape, priority);
		const end = (): void => this.#end();
		const detach = tape.attach({ append: () => {}, finish: end, abort: end, evict: end });
		if (this.#state === "playing") this.#cancel = detach;
		else detach();
	}

	/** The answer is no, or no longer. */
	refuse(code: number): void {
		if (this.#state === "over") return;
		this.#end();
		this.#options.stream.abort(code);
	}

	onMessage(): void {
		throw new StreamError(Code.UnexpectedMessage, "a second message on a request stream");
	}

	/** The peer has said all that it will; the answer is still wanted. */
	onFinish(): void {}

	onAbort(): void {
		this.#end();
	}

	#end(): void {
		if (this.#state === "over") return;
		this.#state = "over";
		const cancel = this.#cancel;
		this.#cancel = undefined;
		cancel?.();
		this.#options.onOver();
	}
}
