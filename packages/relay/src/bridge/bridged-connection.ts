/**
 * Main's end of a connection whose real one lives in a worker.
 * @module
 */
import type {
	BidiHandle,
	Connection,
	ConnectionEnd,
	ConnectionInfo,
	ConnectionSink,
	ConnectionStats,
	Lane,
	LanePolicy,
	LaneSink,
	RecvSink,
	SendSink,
	SendStream,
} from "@moq-relay/core";
import { limits } from "@moq-relay/core";
import { BridgedLane } from "./bridged-lane.ts";
import { BridgedRecv, BridgedSend, type StreamOwner } from "./bridged-stream.ts";
import type { Channel } from "./channel.ts";
import { STATS_INTERVAL_MS } from "./limits.ts";
import { Command } from "./op.ts";
import { StreamTable } from "./stream-table.ts";
import type { TapeMirror } from "./tape-mirror.ts";

/** What a connection shares with all others of its bridge. */
export interface BridgeContext {
	readonly channel: Channel;
	readonly tapes: TapeMirror;
	readonly nowMs: () => number;
	/** A sink threw; its connection is being closed. */
	onFault(error: unknown, connection: Connection): void;
	/** The last event of a connection. */
	ended(id: number): void;
}

interface Halves {
	readonly send: BridgedSend | undefined;
	readonly recv: BridgedRecv | undefined;
	/** Halves that are not over. */
	open: number;
}

/** One connection; the bridge calls what begins with "take". */
export class BridgedConnection implements Connection, StreamOwner {
	#info: ConnectionInfo;
	readonly id: number;
	readonly channel: Channel;
	readonly tapes: TapeMirror;
	readonly #context: BridgeContext;
	readonly #streams = new StreamTable<Halves>();
	readonly #lanes = new Map<number, BridgedLane>();
	#sink: ConnectionSink | undefined;
	/** Events from before `accept`; undefined once they have been delivered. */
	#early: (() => void)[] | undefined = [];
	#nextStream = 1;
	#nextLane = 0;
	/** Opens that the worker may not have seen yet, by batch. */
	#opens: { readonly sequence: number; count: number }[] = [];
	#refused = false;
	#stats: ConnectionStats = STATS_NONE;
	#statsAskedMs = Number.NEGATIVE_INFINITY;
	#state: "open" | "closing" | "ended" = "open";

	constructor(id: number, info: ConnectionInfo, context: BridgeContext) {
		this.id = id;
		this.#info = info;
		this.channel = context.channel;
		this.tapes = context.tapes;
		this.#context = context;
	}

	get info(): ConnectionInfo {
		return this.#info;
	}

	get live(): boolean {
		return this.#state === "open";
	}

	accept(sink: ConnectionSink): void {
		this.#sink = sink;
		queueMicrotask(() => {
			const early = this.#early ?? [];
			this.#early = undefined;
			for (const deliver of early) this.#guard(deliver);
		});
	}

	openBidi(recv: RecvSink, send?: SendSink): BidiHandle | undefined {
		const halves = this.#open(Command.OpenBidi, { recv, send });
		if (halves?.send === undefined || halves.recv === undefined) return undefined;
		return { send: halves.send, recv: halves.recv };
	}

	openUni(send?: SendSink): SendStream | undefined {
		return this.#open(Command.OpenUni, { recv: undefined, send })?.send;
	}

	lane(policy: LanePolicy, sink: LaneSink): Lane {
		const id = this.#nextLane;
		this.#nextLane += 1;
		const lane = new BridgedLane(this, { id, policy, sink, over: () => this.#lanes.delete(id) });
		this.#lanes.set(id, lane);
		return lane;
	}

	stats(): ConnectionStats {
		const nowMs = this.#context.nowMs();
		if (this.live && nowMs - this.#statsAskedMs >= STATS_INTERVAL_MS) {
			this.#statsAskedMs = nowMs;
			this.channel.out.begin(Command.Stats, this.id);
		}
		return this.#stats;
	}

	close(code: number, reason: string): void {
		if (!this.live) return;
		this.channel.out.begin(Command.Close, this.id, code);
		this.channel.out.text(reason.slice(0, limits.REASON_BYTES_MAX));
		this.#state = "closing";
	}

	halfEnded(stream: number): void {
		const halves = this.#streams.get(stream);
		if (halves === undefined) return;
		halves.open -= 1;
		if (halves.open === 0) this.#streams.retire(stream);
	}

	takeBidi(stream: number): void {
		const send = new BridgedSend(this, stream, undefined);
		const recv = new BridgedRecv(this, stream, undefined);
		this.#streams.set(stream, { send, recv, open: 2 });
		this.#deliver(() => this.#sink?.onBidi({ send, recv, onSend: (sink) => send.listen(sink) }));
	}

	takeUni(stream: number): void {
		const recv = new BridgedRecv(this, stream, undefined);
		this.#streams.set(stream, { send: undefined, recv, open: 1 });
		this.#deliver(() => this.#sink?.onUni(recv));
	}

	takeData(stream: number, chunk: Uint8Array, fin: boolean): void {
		this.#deliver(() => this.#streams.get(stream)?.recv?.data(chunk, fin));
	}

	takeReset(stream: number, code: number): void {
		this.#deliver(() => this.#streams.get(stream)?.recv?.reset(code));
	}

	takeStop(stream: number, code: number): void {
		this.#deliver(() => this.#streams.get(stream)?.send?.stopped(code));
	}

	takeDatagram(payload: Uint8Array): void {
		this.#deliver(() => this.#sink?.onDatagram(payload));
	}

	takeDatagrams(datagramBytesMax: number): void {
		this.#info = { ...this.#info, datagramBytesMax };
	}

	takeDropped(lane: number, dropped: { readonly tags: readonly number[]; readonly reason: DropReason }): void {
		this.#deliver(() => this.#lanes.get(lane)?.dropped(dropped.tags, dropped.reason));
	}

	takeDrained(lane: number): void {
		this.#deliver(() => this.#lanes.get(lane)?.drained());
	}

	takeFull(stream: number): void {
		this.#streams.get(stream)?.send?.fill();
	}

	/** The real connection had no stream left to give. */
	takeRefused(stream: number): void {
		this.#refused = true;
		this.takeReset(stream, STREAMS_REFUSED);
		this.takeStop(stream, STREAMS_REFUSED);
	}

	takeStats(stats: ConnectionStats): void {
		this.#stats = stats;
	}

	takeEnd(end: ConnectionEnd): void {
		this.#deliverAlways(() => {
			if (this.#state === "ended") return;
			this.#state = "ended";
			this.#streams.clear();
			this.#lanes.clear();
			this.#context.ended(this.id);
			this.#sink?.onEnd(end);
		});
	}

	/** After `close` only the end is of interest. */
	#deliver(event: () => void): void {
		this.#deliverAlways(() => {
			if (this.live) event();
		});
	}

	#deliverAlways(event: () => void): void {
		if (this.#early !== undefined) this.#early.push(event);
		else this.#guard(event);
	}

	/** What a sink throws ends its own connection and no other. */
	#guard(event: () => void): void {
		try {
			event();
		} catch (error) {
			this.#context.onFault(error, this);
			this.close(FAULT_CODE, "internal error");
		}
	}

	#open(command: number, sinks: { recv: RecvSink | undefined; send: SendSink | undefined }): Halves | undefined {
		if (!this.live || !this.#roomToOpen()) return undefined;
		const id = this.#nextStream;
		this.#nextStream += 2;
		const recv = sinks.recv === undefined ? undefined : new BridgedRecv(this, id, sinks.recv);
		const halves = { send: new BridgedSend(this, id, sinks.send), recv, open: recv === undefined ? 1 : 2 };
		this.#streams.set(id, halves);
		this.channel.out.begin(command, this.id, id);
		return halves;
	}

	/** The worker knows the peer's limit; here a refusal it reported, and opens it has not seen yet, stand for it. */
	#roomToOpen(): boolean {
		if (this.#refused) {
			this.#refused = false;
			return false;
		}
		const { sequence, acknowledgedSequence } = this.channel;
		this.#opens = this.#opens.filter((open) => open.sequence > acknowledgedSequence);
		let underWay = 0;
		for (const open of this.#opens) underWay += open.count;
		if (underWay >= limits.STREAMS_PENDING_MAX) return false;
		const last = this.#opens.at(-1);
		if (last?.sequence === sequence) last.count += 1;
		else this.#opens.push({ sequence, count: 1 });
		return true;
	}
}

type DropReason = Parameters<LaneSink["onDropped"]>[1];

const STATS_NONE: ConnectionStats = {
	rttMs: 0,
	bitrate: 0,
	bytesSent: 0,
	bytesReceived: 0,
	packetsSent: 0,
	packetsLost: 0,
	congestionWindowBytes: 0,
};
/** Stream code 24: the stream was dropped before it began. */
const STREAMS_REFUSED = 24;
/** Session code 24: a fault of ours, without detail. */
const FAULT_CODE = 24;
