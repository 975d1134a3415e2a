/**
 * Core's tapes in native memory: one copy of each, made when it is first played.
 * @module
 */
import type { Tape, TapeSink } from "@moq-relay/core";
import type { CommandBuffer, TapeId } from "./command-buffer.ts";

/** Passes on to native memory what is done to a tape. It holds the tape's number only, not the tape. */
class TapeMirror implements TapeSink {
	readonly id: TapeId;
	readonly #commands: CommandBuffer;

	constructor(commands: CommandBuffer, id: TapeId) {
		this.id = id;
		this.#commands = commands;
		commands.tapeOpen(id);
	}

	append(chunk: Uint8Array): void {
		this.#commands.tapeAppend(this.id, chunk);
	}

	finish(): void {
		this.#commands.tapeFinish(this.id);
	}

	abort(code: number): void {
		this.#commands.tapeAbort(this.id, code);
	}

	evict(): void {
		this.#commands.tapeEvict(this.id);
	}
}

/** The mirrors of an engine. */
export class TapeMirrors {
	readonly #commands: CommandBuffer;
	readonly #mirrors = new WeakMap<Tape, TapeMirror>();
	/** Frees the native bytes of a tape that was forgotten without being evicted. */
	readonly #forgotten: FinalizationRegistry<TapeId>;
	#ids = 0;

	constructor(commands: CommandBuffer) {
		this.#commands = commands;
		this.#forgotten = new FinalizationRegistry((id) => commands.tapeForget(id));
	}

	/** The tape's number in native memory. The first call copies what the tape holds. */
	idOf(tape: Tape): TapeId {
		const known = this.#mirrors.get(tape);
		if (known !== undefined) return known.id;
		this.#ids += 1;
		const mirror = new TapeMirror(this.#commands, this.#ids);
		this.#mirrors.set(tape, mirror);
		this.#forgotten.register(tape, mirror.id);
		tape.attach(mirror);
		return mirror.id;
	}
}
