/**
 * What the tests of this folder share: one connection on a pipe that a test reads, fills and answers by hand.
 * @module
 */
import { VirtualClock } from "@moq-relay/testkit";
import {
	DEFAULT_TRANSPORT_PARAMETERS,
	decodeMuxMessage,
	encodeStreamHeader,
	encodeTransportParameters,
	type MuxFrame,
	type MuxFraming,
	type TransportParameters,
} from "@moq-relay/wire";
import type {
	BidiStream,
	ConnectionEnd,
	ConnectionSink,
	LanePolicy,
	LaneSink,
	RecvSink,
	RecvStream,
} from "../transport.ts";
import { PIPE_BYTES_MAX } from "./limits.ts";
import { MuxConnection } from "./mux-connection.ts";
import type { MessagePipe } from "./pipe.ts";

/** Every framing, oldest first. */
export const FRAMINGS: readonly MuxFraming[] = ["webtransport", "qmux-00", "qmux-01", "qmux-02"];

/** A pipe that remembers, and that is full when the test says so. */
export class TestPipe implements MessagePipe {
	/** The parts of each message. */
	readonly messages: (readonly Uint8Array[])[] = [];
	/** Messages that it takes until it is full. */
	room: number = Number.POSITIVE_INFINITY;
	closed: { readonly code: number; readonly reason: string } | undefined;
	paused = false;

	send(parts: readonly Uint8Array[]): void {
		this.messages.push(parts);
		this.room--;
	}

	bufferedBytes(): number {
		return this.room > 0 ? 0 : PIPE_BYTES_MAX;
	}

	close(code: number, reason: string): void {
		this.closed = { code, reason };
	}

	pause(paused: boolean): void {
		this.paused = paused;
	}
}

/** What one stream told. */
export class StreamLog implements RecvSink {
	readonly chunks: Uint8Array[] = [];
	finished = false;
	resetCode: number | undefined;

	get text(): string {
		return Buffer.concat(this.chunks).toString();
	}

	get byteLength(): number {
		return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		this.chunks.push(chunk);
		this.finished = fin;
	}

	onReset(code: number): void {
		this.resetCode = code;
	}
}

/** What a connection told. */
export class SinkLog implements ConnectionSink {
	readonly bidis: { readonly stream: BidiStream; readonly log: StreamLog; readonly stops: number[] }[] = [];
	readonly unis: { readonly stream: RecvStream; readonly log: StreamLog }[] = [];
	readonly datagrams: Uint8Array[] = [];
	readonly ends: ConnectionEnd[] = [];

	onBidi(stream: BidiStream): void {
		const entry = { stream, log: new StreamLog(), stops: [] as number[] };
		stream.recv.accept(entry.log);
		stream.onSend({ onStop: (code) => entry.stops.push(code) });
		this.bidis.push(entry);
	}

	onUni(stream: RecvStream): void {
		const log = new StreamLog();
		stream.accept(log);
		this.unis.push({ stream, log });
	}

	onDatagram(payload: Uint8Array): void {
		this.datagrams.push(payload);
	}

	onEnd(end: ConnectionEnd): void {
		this.ends.push(end);
	}
}

/** How the connection under test is set up. */
export interface SoloOptions {
	readonly framing?: MuxFraming;
	readonly server?: boolean;
	readonly streamsMax?: number;
	readonly idleMs?: number;
	/** The peer's parameters; default `GENEROUS`. `undefined` for none yet. */
	readonly peer?: Partial<TransportParameters> | undefined;
	readonly sink?: SinkLog;
}

/** A connection without a peer: the test is the peer. */
export class Solo {
	readonly clock: VirtualClock = new VirtualClock();
	readonly pipe: TestPipe = new TestPipe();
	readonly sink: SinkLog;
	readonly framing: MuxFraming;
	readonly connection: MuxConnection;
	readonly #offsets = new Map<number, number>();

	constructor(options: SoloOptions = {}) {
		const { framing = "qmux-01", server = true, streamsMax, idleMs } = options;
		this.framing = framing;
		this.sink = options.sink ?? new SinkLog();
		const info = { transport: "websocket", protocol: "", remote: "", path: "/", host: undefined } as const;
		this.connection = new MuxConnection(this.pipe, {
			framing,
			clock: this.clock,
			info: { ...info, server, peerCertificate: undefined },
			...(streamsMax === undefined ? {} : { streamsMax }),
			...(idleMs === undefined ? {} : { idleMs }),
		});
		this.connection.accept(this.sink);
		const peer = "peer" in options ? options.peer : {};
		if (framing !== "webtransport" && peer !== undefined) this.receive(parameters(peer));
		this.settle();
	}

	/** Give it a message, of parts or in hex. */
	receive(...parts: (Uint8Array | string)[]): void {
		const bytes = parts.map((part) => (typeof part === "string" ? Buffer.from(part, "hex") : part));
		this.connection.receive(new Uint8Array(Buffer.concat(bytes)));
	}

	/** Give it the next data of a stream, in a message of its own. */
	stream(id: number, data: Uint8Array | string, fin = false): void {
		const bytes = typeof data === "string" ? Buffer.from(data) : data;
		const offset = this.#offsets.get(id) ?? 0;
		this.#offsets.set(id, offset + bytes.length);
		this.receive(encodeStreamHeader({ id, offset, length: bytes.length, fin }, this.framing), bytes);
	}

	/** Give it `byteLength` bytes of a stream, in messages of a usual size. */
	fill(id: number, byteLength: number, fin = false): void {
		for (let at = 0; at < byteLength; at += 16_000) {
			const length = Math.min(16_000, byteLength - at);
			this.stream(id, new Uint8Array(length), fin && at + length === byteLength);
		}
	}

	/** Run everything due now. */
	settle(): void {
		this.clock.run(this.clock.nowMs());
	}

	/** Let the pipe take `messages` more, and see what comes. */
	drain(messages: number): MuxFrame[] {
		const before = this.pipe.messages.length;
		this.pipe.room = messages;
		this.connection.drained();
		this.settle();
		return this.#frames(this.pipe.messages.slice(before));
	}

	/** All frames sent so far. */
	get sent(): MuxFrame[] {
		return this.#frames(this.pipe.messages);
	}

	/** Frames of one type sent so far. */
	sentOf<T extends MuxFrame["type"]>(type: T): Extract<MuxFrame, { type: T }>[] {
		return this.sent.filter((frame): frame is Extract<MuxFrame, { type: T }> => frame.type === type);
	}

	/** Everything sent so far on a stream. */
	bytesOf(id: number): string {
		const frames = this.sentOf("stream").filter((frame) => frame.id === id);
		return Buffer.concat(frames.map((frame) => frame.data)).toString();
	}

	#frames(messages: readonly (readonly Uint8Array[])[]): MuxFrame[] {
		return messages.flatMap((parts) => decodeMuxMessage(new Uint8Array(Buffer.concat(parts)), this.framing));
	}
}

/** A frame of transport parameters, on top of generous ones. */
export function parameters(some: Partial<TransportParameters> = {}): Uint8Array {
	return encodeTransportParameters({ ...GENEROUS, ...some });
}

/** What a peer may grant that is never in the way. */
export const GENEROUS: TransportParameters = {
	...DEFAULT_TRANSPORT_PARAMETERS,
	data: 2 ** 40,
	streamDataBidiLocal: 2 ** 40,
	streamDataBidiRemote: 2 ** 40,
	streamDataUni: 2 ** 40,
	streamsBidi: 2 ** 30,
	streamsUni: 2 ** 30,
	datagramFrameBytes: 16_382,
};

/** A lane policy under which nothing is dropped. */
export const PATIENT: LanePolicy = {
	priority: 0,
	order: "newest",
	latencyMs: Number.POSITIVE_INFINITY,
	budgetBytes: Number.POSITIVE_INFINITY,
};

/** What a lane told. */
export class LaneLog implements LaneSink {
	readonly dropped: { readonly tags: readonly number[]; readonly reason: string }[] = [];
	drained = 0;

	onDropped(tags: readonly number[], reason: string): void {
		this.dropped.push({ tags, reason });
	}

	onDrained(): void {
		this.drained++;
	}
}
