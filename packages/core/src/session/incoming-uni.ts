/**
 * A unidirectional stream of the peer: a group, or its SETUP.
 * @module
 */
import { Code, decodeGroup, Malformed, MessageReader, UniType } from "@moq-relay/wire";
import type { RecvSink, RecvStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { isStreamFault, SessionError, StreamError } from "./error.ts";
import type { IncomingGroup } from "./incoming-group.ts";
import { GROUP_HEAD_BYTES_MAX } from "./limits.ts";
import type { SubscriptionRequesting } from "./subscription-requesting.ts";

/** Who takes what such a stream carries. */
export interface UniTakers {
	readonly requesting: SubscriptionRequesting;
	/** @throws Malformed, SessionError */
	onSetup(body: Uint8Array): void;
	/** The head is there, or never will be. */
	onHead(stream: IncomingUni): void;
}

/** The head of the stream until it is there; then whatever it belongs to. */
export class IncomingUni implements RecvSink {
	readonly #context: SessionContext;
	readonly #stream: RecvStream;
	readonly #takers: UniTakers;
	readonly #reader: MessageReader = new MessageReader();
	#type: number | undefined;
	#group: IncomingGroup | undefined;
	#state: "head" | "body" | "over" = "head";
	#fin = false;
	/** Bytes received before the body, whose credit has not been returned. */
	#owed = 0;

	constructor(context: SessionContext, stream: RecvStream, takers: UniTakers) {
		this.#context = context;
		this.#stream = stream;
		this.#takers = takers;
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		if (this.#state === "body") {
			this.#group?.onData(chunk, fin);
			this.#stream.consumed(chunk.length);
			return;
		}
		this.#fin = fin;
		this.#owed += chunk.length;
		if (this.#state !== "over" && !this.#context.over) this.#readHead(chunk);
		this.#settle();
	}

	onReset(code: number): void {
		this.#group?.onReset(code);
		this.#finishHead("over");
		this.#settle();
	}

	/** Give up a stream whose head has not come. */
	abort(code: number): void {
		if (this.#state !== "head") return;
		this.#stream.stop(code);
		this.#finishHead("over");
	}

	#readHead(chunk: Uint8Array): void {
		try {
			this.#reader.push(chunk);
			this.#type ??= this.#reader.varint();
			if (this.#type !== undefined) this.#dispatch(this.#type);
			if (this.#fin && this.#state === "head") throw new Malformed("stream ends within its head", Code.WrongSize);
		} catch (thrown) {
			this.#condemn(thrown);
		}
	}

	#dispatch(type: number): void {
		if (type === UniType.Group) {
			this.#readGroup();
			return;
		}
		if (!this.#isSetup) {
			throw new StreamError(Code.UnexpectedStream, `unidirectional stream of type ${type}`);
		}
		const body = this.#reader.message(this.#context.limits.messageBytes);
		if (body === undefined) return;
		this.#finishHead("over");
		this.#takers.onSetup(body);
	}

	get #isSetup(): boolean {
		return this.#type === UniType.Setup && this.#context.version.setup === "streams";
	}

	#readGroup(): void {
		const body = this.#reader.message(GROUP_HEAD_BYTES_MAX);
		if (body === undefined) return;
		const group = this.#takers.requesting.onGroup(decodeGroup(body), this.#stream);
		if (group === undefined) {
			this.abort(Code.Cancel);
			return;
		}
		this.#group = group;
		this.#finishHead("body");
		const rest = this.#reader.rest();
		if (rest.length > 0 || this.#fin) group.onData(rest, this.#fin);
	}

	/** Return the credit of what has been read; what waits for the rest of the head keeps its own, which is what bounds it. */
	#settle(): void {
		const kept = this.#state === "head" ? this.#reader.buffered : 0;
		const due = this.#owed - kept;
		this.#owed = kept;
		if (due > 0) this.#stream.consumed(due);
	}

	#finishHead(next: "body" | "over"): void {
		if (this.#state === "head") this.#takers.onHead(this);
		this.#state = next;
	}

	#condemn(thrown: unknown): void {
		// Without its SETUP a session would only wait for the time-out.
		if (!isStreamFault(thrown) || this.#isSetup) return this.#context.fail(SessionError.from(thrown));
		this.#context.report({ dies: "stream", part: "group", code: thrown.code, reason: thrown.message });
		this.abort(thrown.code);
	}
}
