/**
 * A MessagePort as the pipe of a multiplexed connection, with what the other side has not taken yet counted.
 * @module
 */
import type { MessagePort } from "node:worker_threads";
import { type Clock, type MessagePipe, MuxConnection, type MuxOptions, TurnQueue } from "@moq-relay/core";

type PortMessage = { readonly bytes: Uint8Array } | { readonly taken: number } | { readonly close: number };

/** One end of a multiplexed connection over a port; `onMessage` is called after each message. */
export function overPort(
	port: MessagePort,
	options: Omit<MuxOptions, "turns"> & { readonly clock: Clock },
	onMessage: () => void = () => {},
): MuxConnection {
	let buffered = 0;
	let open = true;
	const pipe: MessagePipe = {
		send: (parts) => {
			if (!open) return;
			const bytes = Buffer.concat(parts);
			buffered += bytes.byteLength;
			port.postMessage({ bytes: new Uint8Array(bytes) } satisfies PortMessage);
		},
		bufferedBytes: () => buffered,
		close: (code) => {
			open = false;
			port.postMessage({ close: code } satisfies PortMessage);
		},
	};
	const connection = new MuxConnection(pipe, { ...options, turns: new TurnQueue(options.clock) });
	port.on("message", (message: PortMessage) => {
		if ("bytes" in message) {
			port.postMessage({ taken: message.bytes.byteLength } satisfies PortMessage);
			connection.receive(message.bytes);
		} else if ("taken" in message) {
			buffered -= message.taken;
			connection.drained();
		} else {
			connection.pipeClosed(message.close, "");
		}
	});
	port.on("message", onMessage);
	return connection;
}
