/**
 * GOAWAY, both ways.
 * @module
 */
import { BidiType, decodeGoaway, encodeGoaway, openStream } from "@moq-relay/wire";
import type { SessionContext } from "./context.ts";
import { type MessageHandler, MessageStream } from "./message-stream.ts";

/** The peer's goaway stream: its message goes to the owner, who decides. @throws Malformed */
export function receiveGoaway(context: SessionContext, stream: MessageStream, body: Uint8Array): MessageHandler {
	const { uri } = decodeGoaway(body);
	stream.finish();
	context.sink.onGoaway?.(uri);
	return IGNORE;
}

/** Ask the peer to go to `uri` ("" is the same place); nothing is sent where the version lacks it. */
export function sendGoaway(context: SessionContext, uri: string): void {
	if (!context.version.goaway) return;
	const stream = MessageStream.open(context, IGNORE);
	stream?.write(openStream(BidiType.Goaway, encodeGoaway({ uri })));
	stream?.finishSending();
}

/** Nothing that follows matters. */
const IGNORE: MessageHandler = {
	part: "goaway",
	onMessage: () => {},
	onFinish: () => {},
	onAbort: () => {},
};
