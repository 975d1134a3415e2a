/**
 * A peer that says exactly the bytes it is told to, and keeps all that it hears.
 * @module
 */
import type { BidiHandle, Connection, ConnectionEnd, RecvSink, RecvStream, SendStream } from "../transport.ts";

/** One direction of one stream as the peer heard it. */
export class Heard implements RecvSink {
	/** How it ended so far. */
	end: "open" | "fin" | number = "open";
	readonly #chunks: Uint8Array[] = [];
	readonly #consumed: (bytes: number) => void;

	constructor(consumed: (bytes: number) => void) {
		this.#consumed = consumed;
	}

	get bytes(): Uint8Array {
		return Buffer.concat(this.#chunks);
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		this.#chunks.push(chunk);
		if (fin) this.end = "fin";
		this.#consumed(chunk.length);
	}

	onReset(code: number): void {
		this.end = code;
	}
}

/** A stream that the raw peer opened. */
export interface RawStream {
	readonly send: SendStream;
	readonly heard: Heard;
	/** Code of the STOP_SENDING that came for it. */
	stopped: number | undefined;
}

/** Takes over a connection's client side. */
export class RawPeer {
	readonly connection: Connection;
	/** Unidirectional streams that came, in order. */
	readonly unis: Heard[] = [];
	/** Bidirectional streams that the other side opened, in order. */
	readonly bidis: RawStream[] = [];
	readonly datagrams: Uint8Array[] = [];
	end: ConnectionEnd | undefined;
	readonly #stalled: boolean;

	/** `stalled`: takes streams and reads nothing of them. */
	constructor(connection: Connection, options: { readonly stalled?: boolean } = {}) {
		this.connection = connection;
		this.#stalled = options.stalled === true;
		connection.accept({
			onBidi: (stream) => {
				const heard = new Heard((bytes) => this.#consume(stream.recv, bytes));
				const raw: RawStream = { send: stream.send, heard, stopped: undefined };
				this.bidis.push(raw);
				stream.recv.accept(heard);
				stream.onSend({ onStop: (code) => void (raw.stopped = code) });
			},
			onUni: (recv) => {
				const heard = new Heard((bytes) => this.#consume(recv, bytes));
				this.unis.push(heard);
				recv.accept(heard);
			},
			onDatagram: (payload) => void this.datagrams.push(payload),
			onEnd: (end) => void (this.end = end),
		});
	}

	/** Open a bidirectional stream with these bytes. */
	bidi(...parts: readonly (Uint8Array | string)[]): RawStream {
		let handle: BidiHandle | undefined;
		const heard = new Heard((bytes) => this.#consume(handle?.recv, bytes));
		handle = this.connection.openBidi(heard, { onStop: (code) => void (raw.stopped = code) });
		if (handle === undefined) throw new Error("no stream");
		const raw: RawStream = { send: handle.send, heard, stopped: undefined };
		for (const part of parts) raw.send.write(toBytes(part));
		return raw;
	}

	/** Open a unidirectional stream with these bytes. */
	uni(...parts: readonly (Uint8Array | string)[]): { readonly send: SendStream; stopped: number | undefined } {
		const raw: { send: SendStream; stopped: number | undefined } = { send: DUMMY, stopped: undefined };
		const send = this.connection.openUni({ onStop: (code) => void (raw.stopped = code) });
		if (send === undefined) throw new Error("no stream");
		raw.send = send;
		for (const part of parts) send.write(toBytes(part));
		return raw;
	}

	#consume(recv: Pick<RecvStream, "consumed"> | undefined, bytes: number): void {
		if (!this.#stalled) recv?.consumed(bytes);
	}
}

/** Hexadecimal digits, spaces allowed, to bytes. */
export function hex(text: string): Uint8Array {
	return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "hex"));
}

/** Bytes to hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

function toBytes(part: Uint8Array | string): Uint8Array {
	return typeof part === "string" ? hex(part) : part;
}

const DUMMY: SendStream = { write: () => true, play() {}, finish() {}, reset() {}, prioritise() {} };
