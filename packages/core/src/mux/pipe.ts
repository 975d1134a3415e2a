/**
 * What a multiplexed connection runs on: whole messages both ways, as WebSocket has them.
 * @module
 */

/** The sending side of a carrier of messages. What arrives, the owner gives to `MuxConnection`, in a turn of its own. */
export interface MessagePipe {
	/**
	 * Send one binary message made of `parts` in a row. They are shared and must not be written to; the array itself is
	 * the pipe's. Must neither throw nor give anything to the other side before it returns.
	 */
	send(parts: readonly Uint8Array[]): void;
	/** Bytes given to `send` that the kernel has not taken yet. */
	bufferedBytes(): number;
	/** End the carrier after what was sent; `code` is a WebSocket close code (1000, 1002 …). Called at most once. */
	close(code: number, reason: string): void;
	/** Stop or go on reading from the carrier; only the oldest framing needs it, which has no credit. */
	pause?(paused: boolean): void;
}
