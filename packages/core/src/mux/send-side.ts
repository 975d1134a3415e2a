/**
 * Everything that goes out in streams and datagrams, and in which order.
 * @module
 */
import {
	datagramPayloadBytesMax,
	encodeDatagramHeader,
	encodeResetStream,
	encodeStreamHeader,
	hasFlowControl,
	streamDataBytesMax,
	type TransportParameters,
} from "@moq-relay/wire";
import type { SendSink } from "../transport.ts";
import { ControlStreams } from "./control-streams.ts";
import type { MuxHost } from "./host.ts";
import { LaneSchedule } from "./lane-schedule.ts";
import { DATAGRAMS_WAITING_MAX, RECORD_SEND_BYTES_MAX } from "./limits.ts";
import { LocalStreams } from "./local-streams.ts";
import type { LaneOwner, MuxLane } from "./mux-lane.ts";
import type { OutgoingRecord } from "./record.ts";
import type { SendHalf } from "./send-half.ts";
import type { StreamKind } from "./stream-id.ts";
import type { OpenStream, StreamTable } from "./stream-table.ts";

/** The sending side: credit from the peer, streams of ours, and what each may send next. */
export class SendSide implements LaneOwner {
	readonly #host: MuxHost;
	readonly #table: StreamTable;
	readonly #control: ControlStreams;
	readonly #schedule = new LaneSchedule();
	readonly #lanes = new Set<MuxLane>();
	readonly local: Readonly<Record<StreamKind, LocalStreams>>;
	/** Halves to be reset in the next turn. */
	readonly #abandoned = new Set<SendHalf>();
	/** Control streams that the connection's credit holds up. */
	readonly #starved = new Set<SendHalf>();
	/** Lanes that the peer's stream limit holds up. */
	readonly #crowdedOut = new Set<MuxLane>();
	#datagrams: Uint8Array[] = [];
	/** Bytes of all streams: sent, and allowed. */
	#sentBytes = 0;
	#creditBytes: number;
	/** What the peer allows a stream from the start: its own bidirectional ones, ours, and unidirectional ones. */
	#initial: { peerBidi: number; bidi: number; uni: number };
	#datagramBytesMax = 0;
	/** Whether the peer has said what it allows. */
	#limitsKnown: boolean;

	constructor(host: MuxHost, table: StreamTable) {
		this.#host = host;
		this.#table = table;
		this.#control = new ControlStreams(this);
		this.#limitsKnown = !hasFlowControl(host.framing);
		const start = this.#limitsKnown ? Number.POSITIVE_INFINITY : 0;
		this.#creditBytes = start;
		this.#initial = { peerBidi: start, bidi: start, uni: start };
		this.local = {
			bidi: new LocalStreams("bidi", host.server, start),
			uni: new LocalStreams("uni", host.server, start),
		};
	}

	get alive(): boolean {
		return this.#host.alive;
	}

	/** The largest datagram payload that the peer takes; 0 for none. */
	get datagramBytesMax(): number {
		return this.#datagramBytesMax;
	}

	/** The peer's parameters have come: everything that waited for credit may go. */
	onParameters(parameters: TransportParameters, records: boolean): void {
		this.#limitsKnown = true;
		this.#initial = {
			peerBidi: parameters.streamDataBidiLocal,
			bidi: parameters.streamDataBidiRemote,
			uni: parameters.streamDataUni,
		};
		const frameBytes = Math.min(parameters.datagramFrameBytes, parameters.recordBytes, RECORD_SEND_BYTES_MAX);
		if (records) this.#datagramBytesMax = datagramPayloadBytesMax(frameBytes);
		// Streams that the peer opened before it told.
		for (const { send } of this.#table.values())
			if (send !== undefined) this.onMaxStreamData(send, this.#initial.peerBidi);
		this.onMaxData(parameters.data);
		this.onMaxStreams("bidi", parameters.streamsBidi);
		this.onMaxStreams("uni", parameters.streamsUni);
	}

	/** The peer allows more bytes in all. */
	onMaxData(bytes: number): void {
		if (bytes <= this.#creditBytes) return;
		this.#creditBytes = bytes;
		for (const half of this.#starved) this.#control.onReady(half);
		this.#starved.clear();
		for (const lane of this.#lanes) this.onLaneReady(lane);
	}

	/** The peer allows more bytes of one stream. */
	onMaxStreamData(half: SendHalf, bytes: number): void {
		if (bytes <= half.creditBytes) return;
		half.creditBytes = bytes;
		half.owner.onReady(half);
	}

	/** The peer allows more streams. */
	onMaxStreams(kind: StreamKind, streams: number): void {
		this.local[kind].raise(streams);
		this.openPending(kind);
	}

	/** The peer wants no more of a stream; it is told where the stream ends. */
	onStopSending(half: SendHalf, code: number): void {
		// Core gave it up already: its own code goes out, and it hears nothing.
		if (half.abandoned !== undefined) return;
		half.abandoned = code;
		half.owner.onStopped(half, code);
		this.#reset(half);
	}

	/** A control stream; `attach` gives the stream its other half when it is opened. */
	open(kind: StreamKind, sink: SendSink | undefined, attach: (stream: OpenStream) => void): SendHalf | undefined {
		const half = this.#control.open(kind, sink, (id) => {
			const stream: OpenStream = { id, send: half, recv: undefined };
			attach(stream);
			this.#table.add(stream);
		});
		this.openPending(kind);
		return half;
	}

	/** The sending half of a stream that the peer opened. */
	adopt(id: number): SendHalf {
		return this.#control.adopt(id, this.#initial.peerBidi);
	}

	/** Open what waits for the peer's stream limit, control streams first. */
	openPending(kind: StreamKind): void {
		while (this.local[kind].available > 0) {
			const waiting = this.#control.takePending(kind);
			if (waiting === undefined) break;
			waiting.onOpen(this.#openHalf(waiting.half));
			this.#control.onReady(waiting.half);
		}
		if (kind === "uni") for (const lane of this.#crowdedOut) this.onLaneReady(lane);
	}

	/** @inheritDoc */
	post(event: () => void): void {
		this.#host.post(event);
	}

	/** Something may have become sendable. */
	wake(): void {
		this.#host.wake();
	}

	/** @inheritDoc */
	nowMs(): number {
		return this.#host.clock.nowMs();
	}

	/** @inheritDoc */
	onLaneReady(lane: MuxLane): void {
		this.#lanes.add(lane);
		this.#schedule.addReady(lane);
		this.#host.wake();
	}

	/** @inheritDoc */
	onLaneCrowded(lane: MuxLane): void {
		this.#schedule.addCrowded(lane);
		this.#host.wake();
	}

	/** @inheritDoc */
	onLaneIdle(lane: MuxLane): void {
		this.#lanes.delete(lane);
		this.#crowdedOut.delete(lane);
		this.#schedule.delete(lane);
	}

	/** @inheritDoc */
	onAbandoned(half: SendHalf): void {
		this.#abandoned.add(half);
		this.#host.wake();
	}

	/** @inheritDoc */
	sendDatagram(payload: Uint8Array): void {
		if (payload.length > this.#datagramBytesMax || this.#datagrams.length >= DATAGRAMS_WAITING_MAX) return;
		this.#datagrams.push(payload);
		this.#host.wake();
	}

	/** Begin a turn of sending. */
	begin(): void {
		this.#resetAbandoned();
		this.#schedule.begin();
	}

	/** Fill `record` with what is next. One that stays empty means that there is nothing. */
	fill(record: OutgoingRecord): void {
		if (!this.#fillDatagrams(record)) return;
		while (!record.full) {
			const half = this.#control.take();
			if (half !== undefined) {
				this.#serveControl(half, record);
				continue;
			}
			const next = this.#schedule.next();
			if (next === undefined) return;
			if (this.#available(next.half, next.lane)) this.#schedule.served(next, this.#serve(next.half, record));
		}
	}

	/** End a turn of sending; `pipeFull` when it ended before everything was sent. */
	end(pipeFull: boolean): void {
		// They are lossy: what does not fit now is late.
		this.#datagrams = [];
		this.#schedule.end(pipeFull);
		this.#schedule.dropOverBudget();
		if (this.local.uni.available <= 0) for (const lane of this.#crowdedOut) lane.dropWaiting();
		this.#resetAbandoned();
	}

	/** Give up plays that have had their time. */
	dropLate(nowMs: number): void {
		this.#schedule.dropLate(nowMs);
	}

	/** When `dropLate` should be called next; Infinity for never. */
	get deadlineMs(): number {
		return this.#schedule.deadlineMs;
	}

	/** The connection is over: leave all tapes. */
	close(): void {
		for (const lane of this.#lanes) lane.end();
		for (const { send } of this.#table.values()) send?.end();
		this.#control.close();
		this.#abandoned.clear();
		this.#starved.clear();
		this.#datagrams = [];
	}

	#fillDatagrams(record: OutgoingRecord): boolean {
		while (this.#datagrams.length > 0 && !record.full) {
			const payload = this.#datagrams[0] as Uint8Array;
			const header = encodeDatagramHeader(payload.length);
			if (header.length + payload.length > record.roomBytes) return false;
			record.addHeader(header, payload.length);
			record.parts.push(payload);
			this.#datagrams.shift();
		}
		return true;
	}

	#serveControl(half: SendHalf, record: OutgoingRecord): void {
		if (half.abandoned !== undefined || half.over) return;
		if (this.#serve(half, record)) this.#control.again(half);
		else if (half.sendableBytes > 0) this.#starved.add(half);
	}

	/** Whether a play can send now; opens its stream when it must. */
	#available(half: SendHalf, lane: MuxLane): boolean {
		if (half.abandoned !== undefined || half.over) return false;
		if (half.id !== undefined) return true;
		if (this.#sentBytes >= this.#creditBytes) return false;
		if (this.local.uni.available <= 0) {
			this.#crowdedOut.add(lane);
			return false;
		}
		this.#crowdedOut.delete(lane);
		this.#openPlay(half);
		return true;
	}

	#openPlay(half: SendHalf): void {
		this.#table.add({ id: this.#openHalf(half), send: half, recv: undefined });
	}

	#openHalf(half: SendHalf): number {
		half.id = this.local[half.kind].open();
		half.creditBytes = this.#initial[half.kind];
		return half.id;
	}

	/** Send one frame of an open half, if it can; returns whether it could send another now. */
	#serve(half: SendHalf, record: OutgoingRecord): boolean {
		const at = { id: half.id as number, offset: half.sentBytes };
		const sendable = Math.min(half.sendableBytes, this.#creditBytes - this.#sentBytes);
		const length = Math.min(sendable, streamDataBytesMax(at, record.roomBytes));
		const fin = half.finDue && length === half.outgoing.unsentBytes;
		if (length === 0 && !fin) return false;
		record.addHeader(encodeStreamHeader({ ...at, length, fin }, this.#host.framing), length);
		half.outgoing.take(length, record.parts);
		half.sentBytes += length;
		this.#sentBytes += length;
		if (fin) this.#finish(half);
		return length < sendable;
	}

	#resetAbandoned(): void {
		if (this.#abandoned.size === 0) return;
		for (const half of this.#abandoned) {
			// As in QUIC, a stream that was reset before its first byte shows up all the same.
			const shown = half.id === undefined && !half.discarded && !half.over;
			if (shown && !this.#limitsKnown) continue;
			if (shown && this.local[half.kind].available > 0) this.#openPlay(half);
			this.#abandoned.delete(half);
			this.#reset(half);
		}
	}

	#reset(half: SendHalf): void {
		if (half.over) return;
		const { id, abandoned: code = 0, sentBytes: finalSize } = half;
		if (id !== undefined) this.#host.sendControl(encodeResetStream({ id, code, finalSize }, this.#host.framing));
		this.#finish(half);
	}

	#finish(half: SendHalf): void {
		half.end();
		this.#starved.delete(half);
		if (half.id !== undefined) this.#table.endHalf(half.id, "send");
	}
}
