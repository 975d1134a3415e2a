/**
 * One direction each way over a MessagePort: everything of one turn of the event loop goes as one batch, and every
 * batch is acknowledged once it has been dealt with, so that both ends know how far behind the other is.
 * @module
 */
import type { MessagePort } from "node:worker_threads";
import { type Batch, BatchReader, BatchWriter } from "./batch.ts";

/** Where a channel's batches and troubles go. */
export interface ChannelSink {
	/** Deal with every entry of a batch. What it throws is handed to `onFault`; the rest of the batch is lost. */
	onBatch(reader: BatchReader): void;
	/** More is under way than the bounds allow, or (false) less than half of that again. */
	onCongested(congested: boolean): void;
	/** The other end sent what makes no sense: a programming error, after which the channel is of no use. */
	onFault(error: unknown): void;
}

/** How much may be under way before `onCongested`. */
export interface ChannelBounds {
	readonly bytes: number;
	readonly entries: number;
}

/** One end of a bridge's channel. */
export class Channel {
	readonly #port: MessagePort;
	readonly #sink: ChannelSink;
	readonly #bounds: ChannelBounds;
	readonly #writer = new BatchWriter();
	/** Batches sent and not acknowledged, oldest first. */
	#underWay: { readonly bytes: number; readonly entries: number }[] = [];
	#bytesUnderWay = 0;
	#entriesUnderWay = 0;
	#acknowledgedSequence = 0;
	#toAcknowledge = 0;
	#flushing = false;
	#congested = false;
	#closed = false;

	constructor(port: MessagePort, bounds: ChannelBounds, sink: ChannelSink) {
		this.#port = port;
		this.#bounds = bounds;
		this.#sink = sink;
		port.on("message", (batch: Batch) => this.#receive(batch));
		port.on("messageerror", (error) => sink.onFault(error));
	}

	/** The batch of this turn, to write into; it goes out when the turn ends. */
	get out(): BatchWriter {
		if (!this.#flushing && !this.#closed) {
			this.#flushing = true;
			setImmediate(() => this.#flush());
		}
		return this.#writer;
	}

	/** Whether more is under way, or written to go, than the bounds allow. */
	get congested(): boolean {
		return this.#congested || this.bytesUnderWay > this.#bounds.bytes;
	}

	/** Bytes written or sent, and not dealt with by the other end. */
	get bytesUnderWay(): number {
		return this.#bytesUnderWay + this.#writer.byteLength;
	}

	/** Number of the batch that is being written. Compare with `acknowledgedSequence`. */
	get sequence(): number {
		return this.#acknowledgedSequence + this.#underWay.length + 1;
	}

	/** Every batch up to this number has been dealt with. */
	get acknowledgedSequence(): number {
		return this.#acknowledgedSequence;
	}

	/** Stop; nothing more is sent or received. */
	close(): void {
		this.#closed = true;
		this.#port.close();
	}

	#flush(): void {
		this.#flushing = false;
		if (this.#closed) return;
		const { entries, byteLength } = this.#writer;
		const batch = this.#writer.take(this.#toAcknowledge);
		this.#toAcknowledge = 0;
		this.#port.postMessage(batch, [batch.numbers.buffer, batch.bytes.buffer]);
		// A batch that only acknowledges is not acknowledged itself: that would never end.
		if (entries === 0) return;
		this.#underWay.push({ bytes: byteLength, entries });
		this.#bytesUnderWay += byteLength;
		this.#entriesUnderWay += entries;
		this.#judge();
	}

	#receive(batch: Batch): void {
		if (this.#closed) return;
		this.#acknowledge(batch.acknowledged);
		if (batch.numbers.length === 0) return;
		this.#toAcknowledge += 1;
		void this.out; // at the least, an acknowledgement goes out
		try {
			this.#sink.onBatch(new BatchReader(batch));
		} catch (error) {
			this.#sink.onFault(error);
		}
	}

	#acknowledge(count: number): void {
		for (const batch of this.#underWay.splice(0, count)) {
			this.#bytesUnderWay -= batch.bytes;
			this.#entriesUnderWay -= batch.entries;
		}
		this.#acknowledgedSequence += count;
		this.#judge();
	}

	#judge(): void {
		const share = this.#congested ? 0.5 : 1;
		const over =
			this.#bytesUnderWay > this.#bounds.bytes * share || this.#entriesUnderWay > this.#bounds.entries * share;
		if (over === this.#congested) return;
		this.#congested = over;
		this.#sink.onCongested(over);
	}
}
