/**
 * Everything that comes in streams, and the credit for it.
 * @module
 */
import {
	Code,
	encodeMaxData,
	encodeMaxStreamData,
	encodeMaxStreams,
	encodeStopSending,
	hasFlowControl,
	Malformed,
	type ResetStreamFrame,
	type StreamFrame,
} from "@moq-relay/wire";
import { READ_AHEAD_BYTES, SESSION_READ_AHEAD_BYTES } from "../limits.ts";
import type { RecvSink } from "../transport.ts";
import type { MuxHost } from "./host.ts";
import { PAUSE_BYTES, RESUME_BYTES } from "./limits.ts";
import { PeerStreams } from "./peer-streams.ts";
import { ReceiveWindow } from "./receive-window.ts";
import { RecvHalf, type RecvHalfOwner } from "./recv-half.ts";
import type { StreamKind } from "./stream-id.ts";
import type { StreamTable } from "./stream-table.ts";

/** What the receiving side is set up with. */
export interface ReceiveSideOptions {
	readonly host: MuxHost;
	readonly table: StreamTable;
	/** Streams of each kind that the peer may have open at once. */
	readonly streamsMax: number;
	/** Stop or go on reading, in the framing without credit. */
	readonly pause: (paused: boolean) => void;
}

/** The receiving side: what the peer may send, what it sent, and what core is done with. */
export class ReceiveSide implements RecvHalfOwner {
	readonly #host: MuxHost;
	readonly #table: StreamTable;
	readonly #pause: (paused: boolean) => void;
	readonly #hasCredit: boolean;
	readonly #window: ReceiveWindow;
	readonly peer: Readonly<Record<StreamKind, PeerStreams>>;
	/** Streams of ours that core stopped before they were opened. */
	readonly #stopCodes = new WeakMap<RecvHalf, number>();
	/** Halves that new credit may be due for. */
	readonly #consumed = new Set<RecvHalf>();
	#creditDue = false;
	#paused = false;

	constructor({ host, table, streamsMax, pause }: ReceiveSideOptions) {
		this.#host = host;
		this.#table = table;
		this.#pause = pause;
		this.#hasCredit = hasFlowControl(host.framing);
		this.#window = new ReceiveWindow(this.#hasCredit ? SESSION_READ_AHEAD_BYTES : Number.POSITIVE_INFINITY);
		this.peer = { bidi: new PeerStreams(streamsMax), uni: new PeerStreams(streamsMax) };
	}

	/** The receiving half of a stream that the peer opened. */
	adopt(id: number): RecvHalf {
		const half = this.#make();
		half.id = id;
		return half;
	}

	/** The receiving half of a stream of ours that is not opened yet. */
	prepare(sink: RecvSink): RecvHalf {
		const half = this.#make();
		half.accept(sink);
		return half;
	}

	/** The stream of a prepared half was opened. */
	open(half: RecvHalf, id: number): void {
		half.id = id;
		const code = this.#stopCodes.get(half);
		if (code === undefined) return;
		this.#host.sendControl(encodeStopSending({ id, code }));
	}

	/** A STREAM frame. @throws Malformed when it breaks a limit or the order. */
	onStream(half: RecvHalf, frame: StreamFrame): void {
		const { offset, data, fin } = frame;
		if (offset !== undefined && offset !== half.window.receivedBytes) {
			throw new Malformed(`stream ${frame.id} goes on at ${offset}`, Code.ProtocolViolation);
		}
		this.#count(half, data.length);
		if (data.length > 0 || fin) half.receive(data, fin);
		if (fin) this.#table.endHalf(frame.id, "recv");
	}

	/** A RESET_STREAM frame. @throws Malformed when its final size breaks a limit. */
	onReset(half: RecvHalf, frame: ResetStreamFrame): void {
		// Old clients give 0 or less than they sent; what came, counts.
		this.#count(half, Math.max(0, frame.finalSize - half.window.receivedBytes));
		half.reset(frame.code);
		this.#table.endHalf(frame.id, "recv");
	}

	/** @inheritDoc */
	post(event: () => void): void {
		this.#host.post(event);
	}

	/** @inheritDoc */
	onConsumed(half: RecvHalf, bytes: number): void {
		this.#window.consume(bytes);
		if (!this.#hasCredit) return this.#flow();
		if (half.creditDue) this.#consumed.add(half);
		else if (!this.#window.updateDue) return;
		this.#creditDue = true;
		this.#host.wake();
	}

	/** @inheritDoc */
	onStopped(half: RecvHalf, code: number): void {
		if (half.id === undefined) this.#stopCodes.set(half, code);
		else this.#host.sendControl(encodeStopSending({ id: half.id, code }));
	}

	/** A stream of the peer's is over. */
	onPeerStreamGone(kind: StreamKind): void {
		this.peer[kind].close();
		if (!this.peer[kind].updateDue) return;
		if (!this.#hasCredit) this.peer[kind].takeUpdate();
		else {
			this.#creditDue = true;
			this.#host.wake();
		}
	}

	/** Send the credit that is due. */
	sendCredit(): void {
		if (!this.#creditDue) return;
		this.#creditDue = false;
		if (this.#window.updateDue) this.#host.sendControl(encodeMaxData(this.#window.takeUpdate()));
		for (const half of this.#consumed) {
			if (half.id === undefined || !half.creditDue) continue;
			this.#host.sendControl(encodeMaxStreamData({ id: half.id, max: half.window.takeUpdate() }));
		}
		this.#consumed.clear();
		for (const kind of ["bidi", "uni"] as const) {
			const streams = this.peer[kind];
			if (streams.updateDue) this.#host.sendControl(encodeMaxStreams({ kind, max: streams.takeUpdate() }));
		}
	}

	#make(): RecvHalf {
		return new RecvHalf(this, this.#hasCredit ? READ_AHEAD_BYTES : Number.POSITIVE_INFINITY);
	}

	#count(half: RecvHalf, bytes: number): void {
		half.window.receive(bytes);
		this.#window.receive(bytes);
		if (this.#hasCredit) return;
		if (this.#window.heldBytes > SESSION_READ_AHEAD_BYTES) {
			throw new Malformed("more data than is being read", Code.BoundsExceeded);
		}
		this.#flow();
	}

	/** Without credit, the carrier is what holds the peer up. */
	#flow(): void {
		const heldBytes = this.#window.heldBytes;
		const paused = heldBytes > (this.#paused ? RESUME_BYTES : PAUSE_BYTES);
		if (paused === this.#paused) return;
		this.#paused = paused;
		this.#pause(paused);
	}
}
