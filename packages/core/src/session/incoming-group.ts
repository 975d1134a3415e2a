/**
 * One group stream of the peer, its head already read.
 * @module
 */
import type { GroupWriter } from "../model/source.ts";
import type { RecvStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { isStreamFault, SessionError } from "./error.ts";

/** What a group is made of. */
export interface IncomingGroupOptions {
	readonly writer: GroupWriter;
	readonly stream: RecvStream;
	/** Called once, when it has ended in whatever way. */
	readonly onOver: () => void;
}

/** A group on its way into the model: every byte that arrives passes here once. */
export class IncomingGroup {
	readonly #context: SessionContext;
	readonly #options: IncomingGroupOptions;
	#over = false;

	constructor(context: SessionContext, options: IncomingGroupOptions) {
		this.#context = context;
		this.#options = options;
		context.openGroups.add(this);
		context.counters.groupsReceived++;
	}

	/** Bytes of the body. A fault in them costs this group alone. */
	onData(chunk: Uint8Array, fin: boolean): void {
		if (this.#over) return;
		this.#context.counters.bytesReceived += chunk.length;
		try {
			if (chunk.length > 0) this.#options.writer.write(chunk);
			if (fin) {
				this.#options.writer.finish();
				this.#end();
			}
		} catch (thrown) {
			this.#condemn(thrown);
		}
	}

	/** The peer gave it up. */
	onReset(code: number): void {
		if (this.#over) return;
		this.#context.counters.groupsFailed++;
		this.#end();
		this.#options.writer.abort(code);
	}

	/** We give it up: the peer is told to stop. */
	give(code: number): void {
		if (this.#over) return;
		this.#options.stream.stop(code);
		this.onReset(code);
	}

	#condemn(thrown: unknown): void {
		if (!isStreamFault(thrown)) {
			this.give(SessionError.from(thrown).code);
			this.#context.fail(SessionError.from(thrown));
			return;
		}
		this.#context.report({ dies: "group", part: "group", code: thrown.code, reason: thrown.message });
		this.give(thrown.code);
	}

	#end(): void {
		this.#over = true;
		this.#context.openGroups.delete(this);
		this.#options.onOver();
	}
}
