/**
 * Credit that we give the peer, for one stream or for all together.
 * @module
 */
import { Code, Malformed } from "@moq-relay/wire";

/** Counts what the peer sent against what it was allowed, and what core is done with. */
export class ReceiveWindow {
	readonly #windowBytes: number;
	#receivedBytes = 0;
	#consumedBytes = 0;
	#limitBytes: number;

	/** `windowBytes`: how far the peer may be ahead of core; Infinity for a framing without credit. */
	constructor(windowBytes: number) {
		this.#windowBytes = windowBytes;
		this.#limitBytes = windowBytes;
	}

	get receivedBytes(): number {
		return this.#receivedBytes;
	}

	/** Bytes that arrived and that core is not done with. */
	get heldBytes(): number {
		return this.#receivedBytes - this.#consumedBytes;
	}

	/** Count bytes that arrived. @throws Malformed beyond the credit given. */
	receive(bytes: number): void {
		this.#receivedBytes += bytes;
		if (this.#receivedBytes > this.#limitBytes) {
			throw new Malformed(`flow control: ${this.#receivedBytes} bytes of ${this.#limitBytes}`, Code.ProtocolViolation);
		}
	}

	/** Count bytes that core is done with. */
	consume(bytes: number): void {
		this.#consumedBytes += bytes;
	}

	/** Whether new credit is worth a frame: half a window of it. */
	get updateDue(): boolean {
		return this.#limitBytes - this.#consumedBytes <= this.#windowBytes / 2;
	}

	/** The new limit to tell the peer; from now on it holds. */
	takeUpdate(): number {
		this.#limitBytes = this.#consumedBytes + this.#windowBytes;
		return this.#limitBytes;
	}
}
