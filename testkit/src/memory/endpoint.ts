/**
 * One end of an in-memory connection: the whole transport port over a link on virtual time.
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
import type { Route } from "../network/network.ts";
import type { SeededRandom } from "../seeded-random.ts";
import type { VirtualClock } from "../virtual-clock.ts";
import { type Frame, frameBytes } from "./frame.ts";
import { type LaneHost, MemoryLane } from "./lane.ts";
import { RecvHalf, type RecvHost } from "./recv-half.ts";
import { Scheduler } from "./scheduler.ts";
import { SendHalf, type SendHost, type SendOwner } from "./send-half.ts";
import { Streams } from "./streams.ts";
import { Turns } from "./turns.ts";

/** What one end is made of. */
export interface EndpointOptions {
	readonly clock: VirtualClock;
	readonly random: SeededRandom;
	readonly route: Route;
	readonly info: ConnectionInfo;
	/** Streams of each kind that either side may have open. */
	readonly streamsMax: number;
	/** Up to so long a command or an event takes between the threads that a real transport has, in ms. */
	readonly delayMs: number;
	/** Bytes of one data frame, at most; frames are cut at random up to it when `randomCuts` is set. */
	readonly frameBytes: number;
	readonly randomCuts: boolean;
	/** How long the incoming direction may be cut before the connection is given up, in ms. */
	readonly idleMs: number;
}

/** A `Connection` in memory. */
export class MemoryEndpoint implements Connection, SendHost, RecvHost, LaneHost {
	readonly info: ConnectionInfo;
	readonly clock: VirtualClock;
	readonly #options: EndpointOptions;
	readonly #streams: Streams;
	readonly #scheduler = new Scheduler();
	readonly #lanes = new Set<MemoryLane>();
	/** Plays whose last frame is on its way. */
	readonly #unacked = new Map<number, SendHalf>();
	readonly #commands: Turns;
	readonly #events: Turns;
	#peer: MemoryEndpoint | undefined;
	#sink: ConnectionSink | undefined;
	/** Open, then over (nothing takes effect any more), then ended (`onEnd` was delivered). */
	#over = false;
	#ended = false;
	#pumping = false;
	#sessionSentBytes = 0;
	#sessionLimitBytes: number = limits.SESSION_READ_AHEAD_BYTES;
	#sessionConsumedBytes = 0;
	#sessionAnnouncedBytes: number = limits.SESSION_READ_AHEAD_BYTES;
	#cancelIdle: (() => void) | undefined;
	#unobserve: () => void;
	#counters = { bytesSent: 0, bytesReceived: 0, packetsSent: 0 };

	constructor(options: EndpointOptions) {
		this.info = options.info;
		this.clock = options.clock;
		this.#options = options;
		this.#streams = new Streams(options.info.server, options.streamsMax);
		this.#commands = new Turns(options);
		this.#events = new Turns(options);
		this.#unobserve = options.route.back.observe({
			onCut: () => this.#hearNothing(),
			onHeal: () => this.#hearAgain(),
		});
	}

	/** The other end; once, before anything else. */
	join(peer: MemoryEndpoint): void {
		this.#peer = peer;
	}

	accept(sink: ConnectionSink): void {
		if (this.#sink !== undefined) throw new Error("accept called twice");
		this.#sink = sink;
	}

	openBidi(recv: RecvSink, send?: SendSink): BidiHandle | undefined {
		const id = this.#over ? undefined : this.#streams.allocate("bidi");
		if (id === undefined) return undefined;
		const stream = { send: this.#sendHalf(id, send), recv: new RecvHalf(id, this) };
		stream.recv.accept(recv);
		this.#streams.add(id, stream);
		return stream;
	}

	openUni(send?: SendSink): SendStream | undefined {
		const id = this.#over ? undefined : this.#streams.allocate("uni");
		if (id === undefined) return undefined;
		const half = this.#sendHalf(id, send);
		this.#streams.add(id, { send: half });
		return half;
	}

	lane(policy: LanePolicy, sink: LaneSink): Lane {
		const lane = new MemoryLane(this, policy, sink);
		if (!this.#over) this.#lanes.add(lane);
		return lane;
	}

	stats(): ConnectionStats {
		const { out, back } = this.#options.route;
		const { bytesPerMs } = out.conditions;
		return {
			...this.#counters,
			rttMs: out.conditions.latencyMs + back.conditions.latencyMs,
			bitrate: Number.isFinite(bytesPerMs) ? bytesPerMs * 8000 : 0,
			packetsLost: out.lost,
			congestionWindowBytes: 0,
		};
	}

	close(code: number, reason: string): void {
		const cut = cutReason(reason);
		this.post(() => {
			this.send({ kind: "close", code, reason: cut });
			this.#end({ code, reason: cut, by: "local" });
		});
	}

	/** The process is gone: no event, no frame, and the peer hears nothing more. */
	crash(): void {
		if (this.#over) return;
		this.#bury();
		this.#ended = true;
		this.#peer?.loseTouch();
	}

	/** The peer is gone, and does not say so. */
	loseTouch(): void {
		this.#hearNothing();
		// Healing the link does not bring the peer back.
		this.#unobserve();
	}

	post(run: () => void): void {
		if (this.#over) return;
		this.#commands.add(() => {
			if (!this.#over) run();
		});
	}

	emit(run: () => void): void {
		if (this.#over) return;
		this.#events.add(() => {
			if (!this.#ended) run();
		});
	}

	wake(_half: SendHalf): void {
		this.#pump();
	}

	sent(half: SendHalf): void {
		if (half.owner !== undefined) this.#unacked.set(half.id, half);
		this.#endHalf(half.id, "sendDone");
	}

	frameBytes(): number {
		const { frameBytes: most, randomCuts, random } = this.#options;
		return randomCuts ? 1 + random.below(random.chance(0.2) ? 16 : most) : most;
	}

	send(frame: Frame): void {
		this.#counters.packetsSent++;
		const bytes = frameBytes(frame);
		this.#counters.bytesSent += bytes;
		this.#options.route.out.carry(bytes, () => this.#peer?.receive(frame, bytes));
	}

	creditSession(bytes: number): void {
		this.#sessionConsumedBytes += bytes;
		const limitBytes = this.#sessionConsumedBytes + limits.SESSION_READ_AHEAD_BYTES;
		if (limitBytes - this.#sessionAnnouncedBytes < limits.SESSION_READ_AHEAD_BYTES / SESSION_CREDIT_SHARE) return;
		this.#sessionAnnouncedBytes = limitBytes;
		this.send({ kind: "session-credit", limitBytes });
	}

	received(id: number): void {
		this.send({ kind: "ack", id });
		this.#endHalf(id, "recvDone");
	}

	openPlay(owner: SendOwner): SendHalf | undefined {
		const half = this.openUni() as SendHalf | undefined;
		if (half !== undefined) half.owner = owner;
		return half;
	}

	datagram(payload: Uint8Array): void {
		if (payload.byteLength > (this.#peer?.info.datagramBytesMax ?? 0)) return;
		const frame: Frame = { kind: "datagram", payload: payload.slice() };
		const bytes = frameBytes(frame);
		this.#counters.bytesSent += bytes;
		this.#counters.packetsSent++;
		this.#options.route.out.cast(bytes, () => this.#peer?.receive(frame, bytes));
	}

	forget(lane: MemoryLane): void {
		this.#lanes.delete(lane);
	}

	/** A frame of the peer arrived. */
	receive(frame: Frame, bytes: number): void {
		if (this.#over) return;
		this.#counters.bytesReceived += bytes;
		switch (frame.kind) {
			case "data":
				this.#incoming(frame.id)?.data(frame.offset, frame.bytes, frame.fin);
				break;
			case "reset":
				this.#incoming(frame.id)?.reset(frame.code, frame.finalBytes);
				break;
			case "datagram":
				this.emit(() => this.#sink?.onDatagram(frame.payload));
				break;
			case "close":
				this.#end({ code: frame.code, reason: frame.reason, by: "remote" });
				break;
			default:
				this.#answered(frame);
		}
	}

	/** A frame about what we sent arrived. */
	#answered(frame: Exclude<Frame, { kind: "data" | "reset" | "datagram" | "close" }>): void {
		switch (frame.kind) {
			case "stop":
				// A stop may overtake the stream's own first frame, and then shows the stream as that would.
				this.#incoming(frame.id);
				this.#streams.get(frame.id)?.send?.stop(frame.code);
				return;
			case "ack":
				this.#unacked.get(frame.id)?.ack();
				this.#unacked.delete(frame.id);
				return;
			case "stream-credit":
				this.#streams.get(frame.id)?.send?.credit(frame.limitBytes);
				return;
			case "session-credit":
				this.#sessionLimitBytes = Math.max(this.#sessionLimitBytes, frame.limitBytes);
				break;
			case "stream-limit":
				this.#streams.raise(frame.uni ? "uni" : "bidi", frame.limit);
				break;
		}
		this.#pump();
	}

	#sendHalf(id: number, sink: SendSink | undefined): SendHalf {
		const half = new SendHalf(id, this);
		half.sink = sink;
		return half;
	}

	#endHalf(id: number, half: "sendDone" | "recvDone"): void {
		const raised = this.#streams.end(id, half);
		if (raised !== undefined) this.send({ kind: "stream-limit", ...raised });
	}

	/** The receiving half of a stream, which is handed out when its first frame arrives. */
	#incoming(id: number): RecvHalf | undefined {
		if (!this.#streams.isNew(id)) return this.#streams.get(id)?.recv;
		const recv = new RecvHalf(id, this);
		if ((id & 2) !== 0) {
			this.#streams.add(id, { recv });
			this.emit(() => {
				this.#sink?.onUni(recv);
				recv.checkAccepted();
			});
			return recv;
		}
		const send = new SendHalf(id, this);
		this.#streams.add(id, { send, recv });
		const onSend = (sink: SendSink): void => {
			send.sink = sink;
		};
		this.emit(() => {
			this.#sink?.onBidi({ send, recv, onSend });
			recv.checkAccepted();
		});
		return recv;
	}

	#pump(): void {
		if (this.#pumping || this.#over || this.#streams.ready(this.#sessionBytes).next().done) return;
		this.#pumping = true;
		this.#options.route.out.turn(() => {
			this.#pumping = false;
			if (this.#over) return;
			// A link without a bandwidth stays free, so everything goes at once.
			while (this.#options.route.out.isFree && this.#sendNext());
			this.#pump();
		});
	}

	#sendNext(): boolean {
		const half = this.#scheduler.pick(this.#streams.ready(this.#sessionBytes));
		if (half === undefined) return false;
		const frame = half.next(this.#sessionBytes);
		if (frame.kind === "data") this.#sessionSentBytes += frame.bytes.byteLength;
		this.send(frame);
		return true;
	}

	/** What the peer takes of all streams before it returns credit. */
	get #sessionBytes(): number {
		return this.#sessionLimitBytes - this.#sessionSentBytes;
	}

	#hearNothing(): void {
		if (this.#over) return;
		this.#cancelIdle ??= this.clock.after(this.#options.idleMs, () => {
			this.#end({ code: TIMEOUT, reason: "idle", by: "transport" });
			this.#peer?.loseTouch();
		});
	}

	#hearAgain(): void {
		this.#cancelIdle?.();
		this.#cancelIdle = undefined;
	}

	#end(end: ConnectionEnd): void {
		if (this.#over) return;
		this.#events.add(() => {
			if (this.#ended) return;
			this.#ended = true;
			this.#sink?.onEnd(end);
		});
		this.#bury();
	}

	#bury(): void {
		this.#over = true;
		this.#cancelIdle?.();
		this.#unobserve();
		this.#streams.clear();
		for (const lane of this.#lanes) lane.die();
		this.#lanes.clear();
		this.#unacked.clear();
	}
}

function cutReason(reason: string): string {
	const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(limits.REASON_BYTES_MAX));
	return reason.slice(0, read);
}

/** Session code of a connection whose path fell silent (protocol §4.10). */
const TIMEOUT = 3;

/** Credit goes back when this part of the window is due. */
const SESSION_CREDIT_SHARE = 4;
