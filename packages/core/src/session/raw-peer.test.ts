/**
 * A peer that says exactly the bytes it is told to, and keeps all that it hears.
 * @module
 */
import type { BidiHandle, Connection, ConnectionEnd, RecvStream, SendStream } from "../transport.ts";

/** One direction of one stream as the peer heard it. */
export interface Heard {
	bytes: Uint8Array;
	/** How it ended so far. */
	end: "open" | "fin" | number;
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
	readonly unis: (Heard & { readonly recv: RecvStream })[] = [];
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
				const raw: RawStream = { send: stream.send, heard: silence(), stopped: undefined };
				this.bidis.push(raw);
				stream.recv.accept(ear(raw.heard, (bytes) => this.#consume(stream.recv, bytes)));
				stream.onSend({ onStop: (code) => void (raw.stopped = code) });
			},
			onUni: (recv) => {
				const heard = { ...silence(), recv };
				this.unis.push(heard);
				recv.accept(ear(heard, (bytes) => this.#consume(recv, bytes)));
			},
			onDatagram: (payload) => void this.datagrams.push(payload),
			onEnd: (end) => void (this.end = end),
		});
	}

	/** Open a bidirectional stream with these bytes. */
	bidi(...parts: readonly (Uint8Array | string)[]): RawStream {
		const heard = silence();
		let handle: BidiHandle | undefined;
		const sink = { onStop: (code: number) => void (raw.stopped = code) };
		handle = this.connection.openBidi(
			ear(heard, (bytes) => this.#consume(handle?.recv, bytes)),
			sink,
		);
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

function silence(): Heard {
	return { bytes: new Uint8Array(0), end: "open" };
}

function ear(heard: Heard, consumed: (bytes: number) => void) {
	return {
		onData: (chunk: Uint8Array, fin: boolean) => {
			heard.bytes = new Uint8Array([...heard.bytes, ...chunk]);
			if (fin) heard.end = "fin";
			consumed(chunk.length);
		},
		onReset: (code: number) => {
			heard.end = code;
		},
	};
}

const DUMMY: SendStream = { write: () => true, play() {}, finish() {}, reset() {}, prioritise() {} };
