/**
 * The receiving half of a stream.
 * @module
 */
import { READ_AHEAD_BYTES } from "../limits.ts";
import type { RecvSink, RecvStream } from "../transport.ts";
import { ReceiveWindow } from "./receive-window.ts";

/** What a receiving half asks of the receiving side. */
export interface RecvHalfOwner {
	/** Tell core, outside of any call of core's. */
	post(event: () => void): void;
	/** Core is done with bytes of the half; new credit for the stream itself is due when `creditDue`. */
	onConsumed(half: RecvHalf, bytes: number): void;
	/** Core wants no more: the peer is to be told. */
	onStopped(half: RecvHalf, code: number): void;
}

/** The receiving half of a stream that either side opened. */
export class RecvHalf implements RecvStream {
	readonly window: ReceiveWindow;
	readonly #owner: RecvHalfOwner;
	/** Undefined while a stream of ours waits to be opened. */
	id: number | undefined;
	#sink: RecvSink | undefined;
	/** Bytes handed to core, and how many of them core is done with. */
	#handedBytes = 0;
	#returnedBytes = 0;
	/** What waits for credit in the framing that has none for the peer. */
	#held: Uint8Array[] = [];
	#heldFin = false;
	/** FIN or reset has come. */
	#ended = false;
	/** Core stopped it, or it was reset: nothing is told any more, and every byte counts as consumed. */
	#silent = false;

	constructor(owner: RecvHalfOwner, windowBytes: number) {
		this.#owner = owner;
		this.window = new ReceiveWindow(windowBytes);
	}

	/** Whether FIN or reset has come. */
	get ended(): boolean {
		return this.#ended;
	}

	/** Whether its events go somewhere. */
	get accepted(): boolean {
		return this.#sink !== undefined;
	}

	/** Whether the peer should be given more credit on this stream. */
	get creditDue(): boolean {
		return !this.#ended && !this.#silent && this.window.updateDue;
	}

	/** @inheritDoc */
	accept(sink: RecvSink): void {
		this.#sink ??= sink;
	}

	/** @inheritDoc */
	consumed(bytes: number): void {
		const counted = Math.min(bytes, this.#handedBytes - this.#returnedBytes);
		if (this.#silent || !(counted > 0)) return;
		this.#returnedBytes += counted;
		this.#consume(counted);
		this.#hand();
	}

	/** @inheritDoc */
	stop(code: number): void {
		if (this.#silent) return;
		this.silence();
		if (!this.#ended) this.#owner.onStopped(this, code);
	}

	/** Bytes came that were counted in `window`. */
	receive(data: Uint8Array, fin: boolean): void {
		if (fin) this.#ended = true;
		if (this.#silent) return this.#consume(data.length);
		this.#held.push(data);
		this.#heldFin = fin;
		this.#hand();
	}

	/** The peer reset it, `gap` bytes after the last that came; they count as received already. */
	reset(code: number): void {
		this.#ended = true;
		if (this.#silent) return this.silence();
		this.#held = [];
		this.#owner.post(() => {
			const sink = this.#silent ? undefined : this.#sink;
			this.silence();
			sink?.onReset(code);
		});
	}

	/** Tell nothing any more, and return the credit for all that came. */
	silence(): void {
		this.#silent = true;
		this.#held = [];
		this.#consume(this.window.heldBytes);
	}

	#consume(bytes: number): void {
		if (bytes === 0) return;
		this.window.consume(bytes);
		this.#owner.onConsumed(this, bytes);
	}

	/** Hand on what may be: with credit given to the peer that is everything. */
	#hand(): void {
		for (;;) {
			const first = this.#held[0];
			const room = READ_AHEAD_BYTES - (this.#handedBytes - this.#returnedBytes);
			if (first === undefined || (room <= 0 && first.length > 0)) return;
			const chunk = first.length <= room ? first : first.subarray(0, room);
			if (chunk === first) this.#held.shift();
			else this.#held[0] = first.subarray(room);
			this.#handedBytes += chunk.length;
			this.#tell(chunk, this.#heldFin && this.#held.length === 0);
		}
	}

	#tell(chunk: Uint8Array, fin: boolean): void {
		this.#owner.post(() => {
			if (!this.#silent) this.#sink?.onData(chunk, fin);
		});
	}
}
