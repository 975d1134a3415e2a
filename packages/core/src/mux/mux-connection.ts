/**
 * Streams over messages: the connection that WebSocket carriers drive.
 * @module
 */
import {
	type CloseFrame,
	Code,
	decodeMuxMessage,
	encodeClose,
	encodeTransportParameters,
	hasFlowControl,
	hasRecords,
	Malformed,
	type MuxFrame,
	type MuxFraming,
	type TransportParameters,
} from "@moq-relay/wire";
import type { Clock } from "../clock.ts";
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
} from "../transport.ts";
import { ControlQueue } from "./control-queue.ts";
import { EventQueue } from "./event-queue.ts";
import type { MuxHost } from "./host.ts";
import { IncomingStreams } from "./incoming-streams.ts";
import { KeepAlive } from "./keep-alive.ts";
import { PEER_STREAMS_MAX, PIPE_BYTES_MAX, RECORD_BYTES_MAX } from "./limits.ts";
import { MuxLane } from "./mux-lane.ts";
import { checkPeerParameters, localParameters, messageBytesMax, sendBytesMax } from "./parameters.ts";
import type { MessagePipe } from "./pipe.ts";
import { cleanReason } from "./reason.ts";
import { ReceiveSide } from "./receive-side.ts";
import { OutgoingRecord } from "./record.ts";
import { SendSide } from "./send-side.ts";
import { isServerStream, streamKind } from "./stream-id.ts";
import { StreamTable } from "./stream-table.ts";
import { TurnQueue } from "./turn-queue.ts";

/** What a connection is made of. */
export interface MuxOptions {
	readonly framing: MuxFraming;
	/** Facts from the handshake; `server` is the role. */
	readonly info: Omit<ConnectionInfo, "datagramBytesMax">;
	readonly clock: Clock;
	/** Shared by the connections of a thread; default one of its own. */
	readonly turns?: TurnQueue;
	/** Streams of each kind that the peer may have open at once; default `PEER_STREAMS_MAX`. */
	readonly streamsMax?: number;
	/** Silence after which the connection is over, in framings that have pings; default `IDLE_MS`. The peer is told. */
	readonly idleMs?: number;
}

/**
 * A connection over a pipe of messages, in any framing and either role. It does no I/O: its owner calls `receive`,
 * `drained` and `pipeClosed`, each in a turn of its own; events of core are told inside those calls, or in a turn of the
 * clock's when one of core's calls caused them.
 */
export class MuxConnection implements Connection {
	readonly #framing: MuxFraming;
	readonly #info: Omit<ConnectionInfo, "datagramBytesMax">;
	readonly #pipe: MessagePipe;
	readonly #clock: Clock;
	readonly #turns: TurnQueue;
	readonly #events = new EventQueue();
	readonly #control = new ControlQueue();
	readonly #table: StreamTable;
	readonly #sending: SendSide;
	readonly #receiving: ReceiveSide;
	readonly #incoming: IncomingStreams;
	readonly #keepAlive: KeepAlive;
	#sink: ConnectionSink | undefined;
	#end: ConnectionEnd | undefined;
	/** In a turn of ours everything is told and sent after the work; what turns up while sending needs another. */
	#phase: "idle" | "working" | "sending" = "idle";
	#peerParameters: TransportParameters | undefined;
	#recordBytes: number;
	#bytesSent = 0;
	#bytesReceived = 0;
	/** When old plays are next looked at, and the cancellation. */
	#lateness: { readonly atMs: number; readonly cancel: () => void } | undefined;

	constructor(pipe: MessagePipe, options: MuxOptions) {
		const { framing, info, clock, turns, idleMs, streamsMax = PEER_STREAMS_MAX } = options;
		this.#framing = framing;
		this.#info = info;
		this.#pipe = pipe;
		this.#clock = clock;
		this.#turns = turns ?? new TurnQueue(clock);
		this.#recordBytes = sendBytesMax(framing);
		this.#table = new StreamTable((id) => this.#onStreamGone(id));
		const host = this.#host();
		this.#sending = new SendSide(host, this.#table);
		this.#receiving = new ReceiveSide({
			host,
			table: this.#table,
			streamsMax,
			pause: (paused) => this.#pipe.pause?.(paused),
		});
		this.#incoming = new IncomingStreams({
			host,
			table: this.#table,
			sending: this.#sending,
			receiving: this.#receiving,
			sink: () => this.#sink,
		});
		this.#keepAlive = new KeepAlive(host, { idleMs, onSilence: () => this.#onSilence() });
		if (hasRecords(framing)) this.#keepAlive.start(0);
		if (hasFlowControl(framing))
			host.sendControl(encodeTransportParameters(localParameters(framing, streamsMax, idleMs)));
	}

	/** @inheritDoc */
	get info(): ConnectionInfo {
		return { ...this.#info, datagramBytesMax: this.#sending.datagramBytesMax };
	}

	/** Streams that are open in either direction. */
	get openStreams(): number {
		return this.#table.size;
	}

	/** @inheritDoc */
	accept(sink: ConnectionSink): void {
		this.#sink ??= sink;
		if (this.#events.pending) this.#turns.add(this.#task);
	}

	/** @inheritDoc */
	openBidi(recv: RecvSink, send?: SendSink): BidiHandle | undefined {
		if (this.#end !== undefined) return undefined;
		const half = this.#receiving.prepare(recv);
		const sending = this.#sending.open("bidi", send, (stream) => {
			stream.recv = half;
			this.#receiving.open(half, stream.id);
		});
		return sending === undefined ? undefined : { send: sending, recv: half };
	}

	/** @inheritDoc */
	openUni(send?: SendSink): SendStream | undefined {
		return this.#end === undefined ? this.#sending.open("uni", send, () => {}) : undefined;
	}

	/** @inheritDoc */
	lane(policy: LanePolicy, sink: LaneSink): Lane {
		return new MuxLane(this.#sending, policy, sink);
	}

	/** @inheritDoc */
	stats(): ConnectionStats {
		return {
			rttMs: this.#keepAlive.rttMs,
			bitrate: 0,
			bytesSent: this.#bytesSent,
			bytesReceived: this.#bytesReceived,
			packetsSent: 0,
			packetsLost: 0,
			congestionWindowBytes: 0,
		};
	}

	/** @inheritDoc */
	close(code: number, reason: string): void {
		if (this.#end !== undefined) return;
		// What core wrote before goes first, as far as the pipe takes it.
		this.#flush();
		this.#events.clear();
		const clean = cleanReason(reason);
		this.#sendClose({ application: true, code, reason: clean });
		this.#finish({ code, reason: clean, by: "local" });
		this.#pipe.close(WS_NORMAL, "");
	}

	/** A binary message arrived; it is ours to keep. To be called in a turn of its own. */
	receive(message: Uint8Array): void {
		if (this.#end !== undefined) return;
		this.#bytesReceived += message.length;
		this.#keepAlive.heard();
		// Parts of it go to core, for which a subclass with a `slice` of its own, as Node's Buffer, is a trap.
		const { buffer, byteOffset, byteLength } = message;
		const plain = message.constructor === Uint8Array ? message : new Uint8Array(buffer, byteOffset, byteLength);
		this.#turn(() => this.#onMessage(plain));
	}

	/**
	 * The pipe has taken what it was given, or some of it. A carrier that does not tell, such as a browser's WebSocket, is
	 * asked by a timer while `bufferedBytes` is above 0. Inside a call of ours it is ignored, since we ask again anyway.
	 */
	drained(): void {
		if (this.#phase === "idle") this.#turn(undefined);
	}

	/** The pipe is closed, with a WebSocket close code. To be called in a turn of its own. */
	pipeClosed(code: number, reason: string): void {
		if (this.#end !== undefined) return;
		const plain = code === WS_NORMAL || code === WS_GOING_AWAY || code === WS_NO_STATUS;
		const text = cleanReason(reason === "" ? `pipe closed with ${code}` : reason);
		this.#turn(() => {
			this.#finish(plain ? { code: 0, reason, by: "remote" } : { code: Code.Transport, reason: text, by: "transport" });
		});
	}

	/** The carrier itself heard from the peer: an answer to its own ping. */
	heard(): void {
		this.#keepAlive.heard();
	}

	/** End the connection because the peer broke the carrier's rules: 1003 for a text message. In a turn of its own. */
	refuse(closeCode: number, reason: string): void {
		this.#turn(() => this.#fail({ closeCode, code: Code.ProtocolViolation, reason }));
	}

	readonly #task = { runTurn: (): void => this.#turn(undefined) };

	#host(): MuxHost {
		const isAlive = (): boolean => this.#end === undefined;
		return {
			framing: this.#framing,
			server: this.#info.server,
			clock: this.#clock,
			get alive() {
				return isAlive();
			},
			post: (event) => {
				if (!isAlive()) return;
				this.#events.post(event);
				this.#wake();
			},
			wake: () => this.#wake(),
			sendControl: (frame) => {
				this.#control.push(frame);
				this.#wake();
			},
		};
	}

	#wake(): void {
		if (this.#phase !== "working") this.#turns.add(this.#task);
	}

	/** Do `work`, if any, tell core, and send what there is. */
	#turn(work: (() => void) | undefined): void {
		if (this.#phase !== "idle") throw new RangeError("a pipe called back from inside a call");
		this.#phase = "working";
		try {
			work?.();
			if (this.#sink !== undefined) this.#events.run();
			if (this.#end === undefined) this.#flush();
		} finally {
			this.#phase = "idle";
			// What sending led to (dropped plays), or what a sink that threw left behind, gets the next turn.
			if (this.#sink !== undefined && this.#events.pending) this.#turns.add(this.#task);
		}
	}

	#onMessage(message: Uint8Array): void {
		try {
			if (message.length > messageBytesMax(this.#framing))
				throw new Malformed(`message of ${message.length} bytes`, Code.BoundsExceeded);
			for (const frame of decodeMuxMessage(message, this.#framing)) {
				this.#onFrame(frame);
				if (this.#end !== undefined) return;
			}
			this.#control.checkBound();
		} catch (thrown) {
			if (!(thrown instanceof Malformed)) throw thrown;
			this.#fail({ closeCode: WS_PROTOCOL_ERROR, code: thrown.code, reason: thrown.message });
		}
	}

	#onFrame(frame: MuxFrame): void {
		if (
			this.#framing === "qmux-02" &&
			(frame.type === "transport-parameters") !== (this.#peerParameters === undefined)
		) {
			throw new Malformed("transport parameters come first, and once", Code.ProtocolViolation);
		}
		switch (frame.type) {
			case "stream": {
				const half = this.#incoming.receiving(frame.id);
				if (half !== undefined) this.#receiving.onStream(half, frame);
				return;
			}
			case "reset-stream": {
				const half = this.#incoming.receiving(frame.id);
				if (half !== undefined) this.#receiving.onReset(half, frame);
				return;
			}
			case "stop-sending": {
				const half = this.#incoming.sending(frame.id);
				if (half !== undefined) this.#sending.onStopSending(half, frame.code);
				return;
			}
			case "max-stream-data": {
				const half = this.#incoming.sending(frame.id);
				if (half !== undefined) this.#sending.onMaxStreamData(half, frame.max);
				return;
			}
			default:
				return this.#onConnectionFrame(frame);
		}
	}

	#onConnectionFrame(frame: Exclude<MuxFrame, { id: number }>): void {
		switch (frame.type) {
			case "max-data":
				return this.#sending.onMaxData(frame.max);
			case "max-streams":
				return this.#sending.onMaxStreams(frame.kind, frame.max);
			case "blocked":
				// Our limits follow what core consumes, not what the peer wishes.
				return;
			case "ping":
				return this.#keepAlive.onPing(frame, this.#framing === "qmux-02");
			case "datagram": {
				if (frame.frameBytes > RECORD_BYTES_MAX)
					throw new Malformed(`datagram of ${frame.frameBytes} bytes`, Code.BoundsExceeded);
				const { payload } = frame;
				this.#events.post(() => this.#sink?.onDatagram(payload));
				return;
			}
			case "transport-parameters":
				return this.#onParameters(frame.parameters);
			case "close":
				return this.#onClose(frame);
		}
	}

	#onParameters(parameters: TransportParameters): void {
		// Old drafts do not forbid to repeat them; the first ones hold.
		if (this.#peerParameters !== undefined) return;
		checkPeerParameters(parameters, this.#framing);
		this.#peerParameters = parameters;
		this.#recordBytes = sendBytesMax(this.#framing, parameters);
		this.#sending.onParameters(parameters, hasRecords(this.#framing));
		if (hasRecords(this.#framing)) this.#keepAlive.start(parameters.idleMs);
	}

	#onClose({ application, code, reason }: CloseFrame): void {
		const clean = cleanReason(reason);
		this.#finish(
			application
				? { code, reason: clean, by: "remote" }
				: { code: Code.Transport, reason: cleanReason(`peer met a transport error ${code}: ${clean}`), by: "remote" },
		);
		this.#pipe.close(WS_NORMAL, "");
	}

	#onSilence(): void {
		this.#turn(() => this.#fail({ closeCode: WS_NORMAL, code: Code.Timeout, reason: "idle time-out" }));
	}

	#onStreamGone(id: number): void {
		const kind = streamKind(id);
		if (isServerStream(id) !== this.#info.server) return this.#receiving.onPeerStreamGone(kind);
		this.#sending.local[kind].close();
		this.#sending.openPending(kind);
	}

	/** The transport is what ends it. */
	#fail(failure: { readonly closeCode: number; readonly code: number; readonly reason: string }): void {
		if (this.#end !== undefined) return;
		const reason = cleanReason(failure.reason);
		// The oldest clients know no other close frame, and take the WebSocket's code.
		if (hasFlowControl(this.#framing)) {
			this.#sendClose({ application: false, code: failure.closeCode, reason });
		}
		this.#finish({ code: failure.code, reason, by: "transport" });
		this.#pipe.close(failure.closeCode, cutCloseReason(reason));
	}

	#sendClose(frame: Omit<CloseFrame, "type">): void {
		this.#pipe.send([encodeClose(frame, this.#framing)]);
	}

	/** Leave everything and tell core, as the last event. */
	#finish(end: ConnectionEnd): void {
		this.#events.post(() => this.#sink?.onEnd(end));
		this.#end = end;
		this.#keepAlive.stop();
		this.#lateness?.cancel();
		this.#lateness = undefined;
		this.#sending.close();
		this.#table.clear();
		this.#wake();
	}

	#flush(): void {
		// Held back while the pipe is full, so that they are as fresh, and as few, as can be.
		if (this.#pipe.bufferedBytes() < PIPE_BYTES_MAX) {
			this.#receiving.sendCredit();
			this.#keepAlive.sendAnswer();
		}
		const phase = this.#phase;
		this.#phase = "sending";
		const sentBefore = this.#bytesSent;
		this.#sending.begin();
		this.#sending.end(this.#send());
		if (this.#bytesSent > sentBefore) this.#keepAlive.said();
		this.#watchLateness();
		this.#phase = phase;
	}

	/** Send records as long as there is something for them; returns whether the pipe is full. */
	#send(): boolean {
		for (;;) {
			if (this.#pipe.bufferedBytes() >= PIPE_BYTES_MAX) return true;
			const record = new OutgoingRecord(this.#recordBytes, !hasRecords(this.#framing));
			if (this.#control.fill(record) && !record.full) this.#sending.fill(record);
			if (record.bytes === 0) return false;
			this.#bytesSent += record.bytes;
			this.#pipe.send(record.parts);
		}
	}

	#watchLateness(): void {
		const atMs = this.#sending.deadlineMs;
		if (this.#lateness !== undefined && this.#lateness.atMs <= atMs) return;
		this.#lateness?.cancel();
		this.#lateness = undefined;
		if (atMs === Number.POSITIVE_INFINITY) return;
		const cancel = this.#clock.after(Math.max(0, atMs - this.#clock.nowMs()), () => {
			this.#lateness = undefined;
			this.#turn(() => this.#sending.dropLate(this.#clock.nowMs()));
		});
		this.#lateness = { atMs, cancel };
	}
}

/** WebSocket's close frame has 125 bytes, two of them for the code. */
function cutCloseReason(reason: string): string {
	return reason.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 123);
}

const WS_NORMAL = 1000;
const WS_GOING_AWAY = 1001;
const WS_PROTOCOL_ERROR = 1002;
const WS_NO_STATUS = 1005;
