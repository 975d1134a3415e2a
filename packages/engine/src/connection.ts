/**
 * One connection of the engine: QUIC, or a WebTransport session on one.
 * @module
 */
import {
	type BidiHandle,
	type Connection,
	type ConnectionEnd,
	type ConnectionInfo,
	type ConnectionSink,
	type ConnectionStats,
	type Lane,
	type LanePolicy,
	type LaneSink,
	limits,
	type RecvSink,
	type SendSink,
	type SendStream,
} from "@moq-relay/core";
import type { CommandBuffer, ConnectionKey } from "./command-buffer.ts";
import { Credit } from "./credit.ts";
import type { ConnectionEvents, DropReason } from "./event-reader.ts";
import { EngineLane, type Link } from "./lane.ts";
import { CODE_MAX, STATS_AGE_MS } from "./limits.ts";
import { EngineStream } from "./stream.ts";
import type { TapeMirrors } from "./tape.ts";

/** What the engine lends its connections. */
export interface ConnectionHost {
	readonly commands: CommandBuffer;
	readonly tapes: TapeMirrors;
	/** The connection is over and gets no more events. */
	forget(connection: EngineConnection): void;
	/** A sink threw, which it must not: the connection is ended. */
	onThrown(connection: EngineConnection, thrown: unknown): void;
}

/** The port's connection over native commands and events. */
export class EngineConnection implements Connection, ConnectionEvents, Link {
	readonly key: ConnectionKey;
	/** The protocol is settled when the peer is let in; nothing else changes. */
	info: ConnectionInfo;
	readonly commands: CommandBuffer;
	readonly tapes: TapeMirrors;
	readonly #host: ConnectionHost;
	readonly #credit: Credit;
	readonly #streams = new Map<number, EngineStream>();
	readonly #lanes = new Map<number, EngineLane>();
	#sink: ConnectionSink | undefined;
	/** Events that came before the sink; at most what one batch held. */
	#early: (() => void)[] = [];
	#over = false;
	/** Own streams have odd handles, the peer's even ones. */
	#handles = -1;
	#laneIds = 0;
	/** Streams opened here that the engine has not reported as open. */
	#pending = 0;
	#stats: ConnectionStats = NO_STATS;
	#statsAskedMs = Number.NEGATIVE_INFINITY;

	constructor(host: ConnectionHost, key: ConnectionKey, info: ConnectionInfo) {
		this.#host = host;
		this.key = key;
		this.info = info;
		this.commands = host.commands;
		this.tapes = host.tapes;
		this.#credit = new Credit(this);
	}

	get over(): boolean {
		return this.#over;
	}

	accept(sink: ConnectionSink): void {
		if (this.#sink !== undefined) throw new TypeError("the connection has a sink already");
		this.#sink = sink;
		if (this.#early.length > 0) queueMicrotask(() => this.#catchUp());
	}

	openBidi(recv: RecvSink, send?: SendSink): BidiHandle | undefined {
		return this.#open("bidi", { recvSink: recv, sendSink: send });
	}

	openUni(send?: SendSink): SendStream | undefined {
		return this.#open("uni", { sendSink: send });
	}

	lane(policy: LanePolicy, sink: LaneSink): Lane {
		this.#laneIds += 1;
		const lane = new EngineLane(this, this.#laneIds, { policy, sink });
		this.#lanes.set(lane.id, lane);
		return lane;
	}

	stats(): ConnectionStats {
		const nowMs = performance.now();
		if (!this.#over && nowMs - this.#statsAskedMs >= STATS_AGE_MS) {
			this.#statsAskedMs = nowMs;
			this.commands.stats(this.key);
		}
		return this.#stats;
	}

	close(code: number, reason: string): void {
		if (!this.#over) this.commands.closeConnection(this.key, { code: Math.min(code, CODE_MAX), reason });
	}

	/** The engine reports nothing more of it: it was turned away. */
	abandon(): void {
		this.#over = true;
		this.#host.forget(this);
	}

	onOpened(handle: number, direction: "bidi" | "uni"): void {
		if (this.#defer(() => this.onOpened(handle, direction))) return;
		const sends = direction === "bidi";
		const stream = new EngineStream(this, { handle, sends, receives: true, credit: this.#credit });
		this.#streams.set(handle, stream);
		if (sends) this.#sink?.onBidi(stream);
		else this.#sink?.onUni(stream);
	}

	onReady(): void {
		this.#pending -= 1;
	}

	onData(handle: number, chunk: Uint8Array, fin: boolean): void {
		if (this.#defer(() => this.onData(handle, chunk, fin))) return;
		// it crossed our STOP_SENDING: nobody else will return its credit
		if (!this.#streams.has(handle)) this.#credit.add(handle, chunk.byteLength);
		this.#on(handle, (stream) => stream.onData(chunk, fin));
	}

	onReset(handle: number, code: number): void {
		if (this.#defer(() => this.onReset(handle, code))) return;
		this.#on(handle, (stream) => stream.onReset(code));
	}

	onStopped(handle: number, code: number): void {
		if (this.#defer(() => this.onStopped(handle, code))) return;
		this.#on(handle, (stream) => stream.onStopped(code));
	}

	onSent(handle: number, bytes: number): void {
		this.#on(handle, (stream) => stream.onSent(bytes));
	}

	onSendEnded(handle: number): void {
		this.#on(handle, (stream) => stream.onSendEnded());
	}

	onDropped(id: number, tags: readonly number[], reason: DropReason): void {
		this.#lanes.get(id)?.sink.onDropped(tags, reason);
	}

	onDrained(id: number): void {
		const lane = this.#lanes.get(id);
		this.#lanes.delete(id);
		lane?.sink.onDrained?.();
	}

	onDatagram(payload: Uint8Array): void {
		if (this.#defer(() => this.onDatagram(payload))) return;
		this.#sink?.onDatagram(payload);
	}

	onEnded(end: ConnectionEnd): void {
		this.#over = true;
		this.#host.forget(this);
		if (this.#defer(() => this.onEnded(end))) return;
		this.#streams.clear();
		this.#lanes.clear();
		this.#sink?.onEnd(end);
	}

	onStats(numbers: readonly number[]): void {
		const [
			rttMs = 0,
			bitrate = 0,
			bytesSent = 0,
			bytesReceived = 0,
			packetsSent = 0,
			packetsLost = 0,
			window = 0,
			mtu = 0,
		] = numbers;
		this.#stats = {
			rttMs,
			bitrate,
			bytesSent,
			bytesReceived,
			packetsSent,
			packetsLost,
			congestionWindowBytes: window,
			mtuBytes: mtu,
		};
	}

	settle(stream: { readonly handle: number; readonly over: boolean }): void {
		if (stream.over) this.#streams.delete(stream.handle);
	}

	forgetLane(id: number): void {
		this.#lanes.delete(id);
	}

	#open(
		direction: "bidi" | "uni",
		sinks: { recvSink?: RecvSink; sendSink: SendSink | undefined },
	): EngineStream | undefined {
		if (this.#over || this.#pending >= limits.STREAMS_PENDING_MAX) return undefined;
		this.#pending += 1;
		this.#handles += 2;
		const receives = direction === "bidi";
		const stream = new EngineStream(this, {
			handle: this.#handles,
			sends: true,
			receives,
			credit: this.#credit,
			...sinks,
		});
		this.#streams.set(stream.handle, stream);
		this.commands.open(this.key, stream.handle, direction);
		return stream;
	}

	#on(handle: number, event: (stream: EngineStream) => void): void {
		const stream = this.#streams.get(handle);
		if (stream === undefined) return;
		try {
			event(stream);
		} finally {
			this.settle(stream);
		}
	}

	/** Keep an event until there is a sink. */
	#defer(event: () => void): boolean {
		if (this.#sink !== undefined && this.#early.length === 0) return false;
		this.#early.push(event);
		return true;
	}

	#catchUp(): void {
		const early = this.#early;
		this.#early = [];
		for (const event of early) {
			try {
				event();
			} catch (thrown) {
				this.#host.onThrown(this, thrown);
			}
		}
	}
}

const NO_STATS: ConnectionStats = {
	rttMs: 0,
	bitrate: 0,
	bytesSent: 0,
	bytesReceived: 0,
	packetsSent: 0,
	packetsLost: 0,
	congestionWindowBytes: 0,
};
