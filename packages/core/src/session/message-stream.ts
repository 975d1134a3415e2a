/**
 * A bidirectional stream of size-prefixed messages, opened by either side.
 * @module
 */
import { BidiType, Code, Malformed, MessageReader } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import { READ_AHEAD_BYTES, STREAM_SEND_BYTES_MAX } from "../limits.ts";
import type { Tape } from "../tape.ts";
import type { BidiStream, RecvSink, RecvStream, SendSink, SendStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { isStreamFault, SessionError } from "./error.ts";
import type { SessionPart } from "./sink.ts";

/** What one request makes of its stream. A throw ends what its class condemns; then `onAbort` is called. */
export interface MessageHandler {
	/** Named in the report of a violation. */
	readonly part: SessionPart;
	/** True: each message has a type before its size, given to `onMessage`. */
	readonly typed?: boolean;
	/** True: what would end the stream ends the session. */
	readonly fatal?: boolean;
	/** The longest body; default `limits.messageBytes`. */
	readonly messageBytes?: number;
	/** A whole body, a view that is valid during the call. */
	onMessage(body: Uint8Array, type: number): void;
	/** The peer finished its half in good order; nothing more comes. */
	onFinish(): void;
	/** The stream is over: reset or stopped by the peer, or ended by us for a fault. The handler need not touch it. */
	onAbort(code: number): void;
}

/** What a stream of the peer is before its first message tells. */
export interface Opening {
	/** The type is there: make a handler, or undefined until the message is there too. Throws as a handler does. */
	open(stream: MessageStream, type: number, reader: MessageReader): MessageHandler | undefined;
	/** The stream ended before it became anything. */
	onGone(stream: MessageStream): void;
}

/** Both halves of one stream, and the bytes that are no whole message yet. */
export class MessageStream implements RecvSink, SendSink {
	readonly #context: SessionContext;
	readonly #reader: MessageReader = new MessageReader();
	readonly #opening: Opening | undefined;
	#send: SendStream;
	#recv: Pick<RecvStream, "consumed" | "stop">;
	#handler: MessageHandler | undefined;
	#type: number | undefined;
	#parked = false;
	#finishing = false;
	#over = false;
	/** Bytes received whose credit has not been returned. */
	#owed = 0;

	private constructor(context: SessionContext, opening?: Opening) {
		this.#context = context;
		this.#opening = opening;
		this.#send = UNATTACHED;
		this.#recv = UNATTACHED;
	}

	/** Take over a stream that the peer opened. `parked`: nothing is read before `resume`. */
	static accept(context: SessionContext, bidi: BidiStream, how: { opening: Opening; parked: boolean }): MessageStream {
		const stream = new MessageStream(context, how.opening);
		stream.#send = bidi.send;
		stream.#recv = bidi.recv;
		stream.#parked = how.parked;
		bidi.recv.accept(stream);
		bidi.onSend(stream);
		return stream;
	}

	/** Open a stream to the peer; undefined when the transport takes no more. */
	static open(context: SessionContext, handler: MessageHandler): MessageStream | undefined {
		const stream = new MessageStream(context);
		stream.#handler = handler;
		const handle = context.connection.openBidi(stream, stream);
		if (handle === undefined) return undefined;
		stream.#send = handle.send;
		stream.#recv = handle.recv;
		return stream;
	}

	/** True once neither half is of interest any more. */
	get over(): boolean {
		return this.#over;
	}

	/** Send a whole group, and with it the end of our half; see `SendStream.play`. */
	play(tape: Tape, priority: number): void {
		if (this.#over) return;
		this.#send.prioritise(priority);
		this.#send.play(tape);
	}

	/** Queue bytes; a peer that does not read them loses the session. */
	write(bytes: Uint8Array): void {
		if (this.#over) return;
		// What is larger than the bound by itself (a long list of announcements) says nothing about the peer.
		if (this.#send.write(bytes) || bytes.length > STREAM_SEND_BYTES_MAX / 2) return;
		this.#context.fail(new SessionError(Code.BoundsExceeded, "peer does not read its control streams"));
	}

	/** Queue bytes that the peer may take its time for; false when so much waits that nothing more should follow for now. */
	offer(bytes: Uint8Array): boolean {
		return this.#over || this.#send.write(bytes);
	}

	/**
	 * FIN our half and listen no more. The peer is left to FIN its own: a STOP_SENDING could overtake our last words and
	 * make them an error at the other end.
	 */
	finish(): void {
		if (this.#over) return;
		this.#over = true;
		this.#settle();
		this.#send.finish();
	}

	/** FIN our half and go on reading: a request is whole, its answer is to come. */
	finishSending(): void {
		if (!this.#over) this.#send.finish();
	}

	/** Give both halves up with a code. */
	abort(code: number): void {
		if (this.#over) return;
		this.#over = true;
		this.#settle();
		this.#send.reset(code);
		if (!this.#finishing) this.#recv.stop(code);
	}

	/** Read what waited. */
	resume(): void {
		if (!this.#parked || this.#over) return;
		this.#parked = false;
		this.#read(this.#finishing);
		this.#settle();
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		// The session may have ended a moment ago, and its connection not know it yet.
		if (this.#over || this.#context.over) {
			this.#recv.consumed(chunk.length);
			return;
		}
		this.#owed += chunk.length;
		this.#reader.push(chunk);
		this.#finishing = fin;
		if (this.#parked) return;
		this.#read(fin);
		this.#settle();
	}

	onReset(code: number): void {
		if (this.#over) return;
		this.#over = true;
		this.#settle();
		this.#send.reset(Code.Cancel);
		this.#tell(code);
	}

	onStop(code: number): void {
		// To a request of ours that is no answer: its reset or FIN comes on the other half.
		if (this.#over || this.#opening === undefined) return;
		this.#over = true;
		this.#settle();
		if (!this.#finishing) this.#recv.stop(Code.Cancel);
		this.#tell(code);
	}

	#read(fin: boolean): void {
		try {
			this.#drain();
			if (!fin || this.#over) return;
			this.#reader.finish();
			if (this.#handler === undefined) throw new Malformed("stream ends without a request", Code.WrongSize);
			this.#handler.onFinish();
		} catch (thrown) {
			this.#condemn(thrown);
		}
	}

	#drain(): void {
		if (this.#handler === undefined) this.#open();
		while (!this.#over && this.#handler !== undefined) {
			const bytesMax = this.#handler.messageBytes ?? this.#context.limits.messageBytes;
			if (this.#handler.typed === true) {
				const message = this.#reader.typed(bytesMax);
				if (message === undefined) return;
				takeMessage(this.#context);
				this.#handler.onMessage(message.body, message.type);
			} else {
				const body = this.#reader.message(bytesMax);
				if (body === undefined) return;
				takeMessage(this.#context);
				this.#handler.onMessage(body, 0);
			}
		}
	}

	#open(): void {
		this.#type ??= this.#reader.varint();
		if (this.#type !== undefined) this.#handler = this.#opening?.open(this, this.#type, this.#reader);
	}

	/**
	 * Return the credit of what has been read. Bytes that wait for the rest of their message keep theirs, which is what
	 * bounds them; a message so long that it would never be whole that way does not.
	 */
	#settle(): void {
		const kept = this.#over ? 0 : Math.min(this.#reader.buffered, UNREAD_BYTES_MAX);
		const due = this.#owed - kept;
		if (due <= 0) return;
		this.#owed = kept;
		this.#recv.consumed(due);
	}

	/** The last that anybody hears of the stream. */
	#tell(code: number): void {
		if (this.#handler === undefined) this.#opening?.onGone(this);
		else this.#handler.onAbort(code);
	}

	#condemn(thrown: unknown): void {
		const handler = this.#handler;
		if (!isStreamFault(thrown) || handler?.fatal === true) {
			this.#context.fail(SessionError.from(thrown));
			return;
		}
		this.abort(thrown.code);
		// A RequestError is an ordinary no, not a fault of the peer's.
		if (!(thrown instanceof RequestError)) {
			const part = handler?.part ?? partOfType(this.#type);
			this.#context.report({ dies: "stream", part, code: thrown.code, reason: thrown.message });
		}
		this.#tell(thrown.code);
	}
}

function partOfType(type: number | undefined): SessionPart {
	return PARTS.get(type ?? -1) ?? "stream";
}

/** Count one control message of the peer. @throws SessionError when it sends too many. */
export function takeMessage(context: SessionContext): void {
	if (!context.messages.take()) throw new SessionError(Code.BoundsExceeded, "too many control messages");
}

/** Stands in until the transport has handed the halves over; no call can come before. */
const UNATTACHED: SendStream & Pick<RecvStream, "consumed" | "stop"> = {
	write: () => true,
	play: () => {},
	finish: () => {},
	reset: () => {},
	prioritise: () => {},
	consumed: () => {},
	stop: () => {},
};

/** Far enough below a stream's read-ahead that the peer always gets credit for more. */
const UNREAD_BYTES_MAX = READ_AHEAD_BYTES / 4;

const PARTS: ReadonlyMap<number, SessionPart> = new Map<number, SessionPart>([
	[BidiType.Announce, "announce"],
	[BidiType.Subscribe, "subscribe"],
	[BidiType.Fetch, "fetch"],
	[BidiType.Probe, "probe"],
	[BidiType.Goaway, "goaway"],
	[BidiType.Track, "track"],
]);
