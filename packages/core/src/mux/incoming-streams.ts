/**
 * Which stream a frame is about; one of the peer's that shows up for the first time is handed to core.
 * @module
 */
import { Code, Malformed } from "@moq-relay/wire";
import type { ConnectionSink } from "../transport.ts";
import type { MuxHost } from "./host.ts";
import type { ReceiveSide } from "./receive-side.ts";
import type { RecvHalf } from "./recv-half.ts";
import type { SendHalf } from "./send-half.ts";
import type { SendSide } from "./send-side.ts";
import { isServerStream, streamIndex, streamKind } from "./stream-id.ts";
import type { OpenStream, StreamTable } from "./stream-table.ts";

/** The parts that a new stream touches. */
export interface IncomingStreamsOptions {
	readonly host: MuxHost;
	readonly table: StreamTable;
	readonly sending: SendSide;
	readonly receiving: ReceiveSide;
	/** Where new streams go. */
	readonly sink: () => ConnectionSink | undefined;
}

/** Finds streams by the ids of frames. */
export class IncomingStreams {
	readonly #parts: IncomingStreamsOptions;

	constructor(parts: IncomingStreamsOptions) {
		this.#parts = parts;
	}

	/**
	 * The half that the peer sends on; undefined when it is over.
	 * @throws Malformed when there never was such a stream, or too many are open.
	 */
	receiving(id: number): RecvHalf | undefined {
		const { host } = this.#parts;
		if (streamKind(id) === "uni" && isServerStream(id) === host.server) {
			throw new Malformed(`stream ${id} is for sending only`, Code.ProtocolViolation);
		}
		return this.#find(id)?.recv;
	}

	/** The half that the peer receives on; as `receiving`. */
	sending(id: number): SendHalf | undefined {
		const { host } = this.#parts;
		if (streamKind(id) === "uni" && isServerStream(id) !== host.server) {
			throw new Malformed(`stream ${id} is for receiving only`, Code.ProtocolViolation);
		}
		return this.#find(id)?.send;
	}

	#find(id: number): OpenStream | undefined {
		const { host, table, sending, receiving } = this.#parts;
		const kind = streamKind(id);
		const index = streamIndex(id);
		if (isServerStream(id) !== host.server) {
			if (receiving.peer[kind].see(index)) return this.#open(id);
		} else if (!sending.local[kind].has(index)) {
			throw new Malformed(`stream ${id} was never opened`, Code.ProtocolViolation);
		}
		return table.get(id);
	}

	#open(id: number): OpenStream {
		const { host, table, sending, receiving, sink } = this.#parts;
		const recv = receiving.adopt(id);
		const send = streamKind(id) === "bidi" ? sending.adopt(id) : undefined;
		const stream: OpenStream = { id, send, recv };
		table.add(stream);
		host.post(() => {
			if (send === undefined) sink()?.onUni(recv);
			else {
				sink()?.onBidi({
					send,
					recv,
					onSend(to) {
						send.sink ??= to;
					},
				});
			}
			// A sink that takes no notice refuses the stream.
			if (recv.accepted) return;
			recv.stop(Code.Cancel);
			send?.reset(Code.Cancel);
		});
		return stream;
	}
}
