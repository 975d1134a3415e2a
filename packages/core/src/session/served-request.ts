/**
 * One FETCH or TRACK of the peer, until it is answered.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { StreamError } from "./error.ts";
import type { MessageHandler, MessageStream } from "./message-stream.ts";

/** A request that is answered once. */
export class ServedRequest implements MessageHandler {
	readonly part: "fetch" | "track";
	readonly #stream: MessageStream;
	readonly #onOver: () => void;
	#cancel: (() => void) | undefined;
	#over = false;

	constructor(part: "fetch" | "track", stream: MessageStream, onOver: () => void) {
		this.part = part;
		this.#stream = stream;
		this.#onOver = onOver;
	}

	/** Ask the model; it may answer before this returns. */
	start(ask: (request: ServedRequest) => () => void): void {
		const cancel = ask(this);
		if (!this.#over) this.#cancel = cancel;
	}

	/** The answer is there: true once, and never after the peer has left. */
	settle(): boolean {
		if (this.#over) return false;
		this.#over = true;
		this.#cancel = undefined;
		this.#onOver();
		return true;
	}

	/** The answer is no. */
	refuse(code: number): void {
		if (this.settle()) this.#stream.abort(code);
	}

	onMessage(): void {
		throw new StreamError(Code.UnexpectedMessage, "a second message on a request stream");
	}

	/** The peer has said all that it will; the answer is still wanted. */
	onFinish(): void {}

	onAbort(): void {
		const cancel = this.#cancel;
		if (this.settle()) cancel?.();
	}
}
