/**
 * Asking the peer what it measures of the path to us.
 * @module
 */
import { BidiType, decodeProbe, encodeVarint } from "@moq-relay/wire";
import type { SessionContext } from "./context.ts";
import { type MessageHandler, MessageStream } from "./message-stream.ts";

/** Open a probe stream whose reports go to `sink.onProbe`. Only for peers that said in SETUP that they answer. */
export function requestProbe(context: SessionContext): void {
	const handler: MessageHandler = {
		part: "probe",
		onMessage: (body) => context.sink.onProbe?.(decodeProbe(body, context.version)),
		onFinish: () => stream?.finish(),
		onAbort: () => {},
	};
	const stream = MessageStream.open(context, handler);
	stream?.write(encodeVarint(BidiType.Probe));
}
