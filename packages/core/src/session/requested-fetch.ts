/**
 * Asking the peer for one whole group.
 * @module
 */
import { BidiType, Code, encodeFetch, type Fetch, openStream } from "@moq-relay/wire";
import type { FetchSink, GroupWriter } from "../model/source.ts";
import type { BidiHandle, RecvSink, SendSink } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { isStreamFault, SessionError } from "./error.ts";

/** Ask; the answer arrives in a later turn. Returns the cancellation. */
export function requestFetch(context: SessionContext, fetch: Fetch, sink: FetchSink): () => void {
	if (!context.version.fetch) return context.clock.after(0, () => sink.onError(Code.Unsupported));
	const request = new RequestedFetch(context, sink);
	const handle = context.connection.openBidi(request, request);
	if (handle === undefined) return context.clock.after(0, () => sink.onError(Code.Dropped));
	handle.send.write(openStream(BidiType.Fetch, encodeFetch(fetch)));
	handle.send.finish();
	return request.start(handle);
}

/** The stream's bytes are the group's body and nothing else, so they go to the model as they come. */
class RequestedFetch implements RecvSink, SendSink {
	readonly #context: SessionContext;
	readonly #sink: FetchSink;
	#handle: BidiHandle | undefined;
	#writer: GroupWriter | undefined;
	#cancelTimer: (() => void) | undefined;
	#over = false;

	constructor(context: SessionContext, sink: FetchSink) {
		this.#context = context;
		this.#sink = sink;
	}

	start(handle: BidiHandle): () => void {
		this.#handle = handle;
		this.#context.requests.add(this);
		this.#cancelTimer = this.#context.clock.after(this.#context.limits.responseMs, () => this.#give(Code.Timeout));
		return () => this.#give(Code.Cancel);
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		if (!this.#over) {
			try {
				this.#write(chunk, fin);
			} catch (thrown) {
				if (!isStreamFault(thrown)) return this.#context.fail(SessionError.from(thrown));
				this.#context.report({ dies: "group", part: "fetch", code: thrown.code, reason: thrown.message });
				this.#give(thrown.code);
			}
		}
		this.#handle?.recv.consumed(chunk.length);
	}

	onReset(code: number): void {
		this.onAbort(code);
	}

	/** The peer does not want the request, whose bytes it has; it may have answered all the same. */
	onStop(): void {}

	onAbort(code: number): void {
		if (this.#over) return;
		const writer = this.#writer;
		this.#settle();
		if (writer === undefined) this.#sink.onError(code);
		else writer.abort(code);
	}

	#write(chunk: Uint8Array, fin: boolean): void {
		this.#cancelTimer?.();
		this.#writer ??= this.#sink.onGroup(this.#context.version.frames);
		this.#context.counters.bytesReceived += chunk.length;
		if (chunk.length > 0) this.#writer.write(chunk);
		if (!fin) return;
		this.#writer.finish();
		this.#settle();
	}

	#give(code: number): void {
		this.#handle?.recv.stop(code);
		this.#handle?.send.reset(code);
		this.onAbort(code);
	}

	#settle(): void {
		this.#over = true;
		this.#writer = undefined;
		this.#cancelTimer?.();
		this.#context.requests.delete(this);
	}
}
