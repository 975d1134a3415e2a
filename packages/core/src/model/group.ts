/**
 * One group: its canonical bytes on one tape, and whatever other encodings viewers want of it.
 * @module
 */
import { Code, FrameReader, type FrameSink, Malformed } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import { type Encoding, Tape } from "../tape.ts";
import { CHUNK_OVERHEAD_BYTES, GROUP_BYTES_MAX, GROUP_OVERHEAD_BYTES } from "./limits.ts";
import { arrivalStamp, Reframer, scaleStamp } from "./reframer.ts";
import type { GroupWriter } from "./source.ts";
import { Transcoder } from "./transcoder.ts";

/** Where a group stands. */
export type GroupState = "open" | "finished" | "aborted" | "evicted";

/** How a source writes a group. */
export interface GroupForm {
	readonly encoding: Encoding;
	/** Timestamp units per second; undefined when the source has not said. */
	readonly timescale: number | undefined;
}

/** What a new group needs to know. */
export interface GroupOptions {
	readonly sequence: number;
	/** The form its source writes. */
	readonly encoding: Encoding;
	/** Timestamp units per second of the track it belongs to. */
	readonly timescale: number;
	/** Timestamp units per second of the source; another one than the track's is converted. */
	readonly sourceTimescale: number;
	/** Wall clock for sources without timestamps, in ms since 1970. */
	readonly wallMs: () => number;
	readonly observer: GroupObserver;
}

/** Who accounts for a group: what holds it. */
export interface GroupObserver {
	/** `byteLength` is `bytes` more than before. */
	onGrow(group: Group, bytes: number): void;
	/** Finished, aborted, or evicted before either. */
	onGroupEnd(group: Group): void;
}

/** One group of a track, written by its source and played by any number of viewers. */
export class Group implements GroupWriter {
	readonly sequence: number;
	/** Units per second of the timestamps on the tape of encoding "lite-05". */
	readonly timescale: number;
	readonly #observer: GroupObserver;
	readonly #canonical: Tape = new Tape("lite-05");
	#derived: Tape | undefined;
	readonly #reader: FrameReader;
	/** Undefined where the source's bytes are taken as they come. */
	readonly #reframer: Reframer | undefined;
	#state: GroupState = "open";
	#code = 0;
	#frameCount = 0;
	#byteLength = GROUP_OVERHEAD_BYTES;

	constructor(options: GroupOptions) {
		this.sequence = options.sequence;
		this.timescale = options.timescale;
		this.#observer = options.observer;
		this.#reframer = reframerFor(options, this.#canonical);
		this.#reader = new FrameReader(options.encoding, this.#reframer ?? this.#counter());
	}

	get state(): GroupState {
		return this.#state;
	}

	/** Bytes charged to the cache: those of every tape held, and the overhead. */
	get byteLength(): number {
		return this.#byteLength;
	}

	/** Whole frames so far. */
	get frameCount(): number {
		return this.#reframer?.frameCount ?? this.#frameCount;
	}

	/** The stream code it was aborted with; 0 unless aborted. */
	get code(): number {
		return this.#code;
	}

	/** Whether the bytes of a source of that form could follow those that are here. */
	takes(form: GroupForm): boolean {
		const { encoding, timescale = this.timescale } = form;
		return this.#reframer === undefined && encoding === "lite-05" && timescale === this.timescale;
	}

	/**
	 * The tape of one encoding: the canonical one ("lite-05") or a derived one, made when first wanted and held once.
	 * Play it with `Lane.play` or `SendStream.play`. On an evicted group it is an evicted tape.
	 */
	tape(encoding: Encoding): Tape {
		if (encoding === "lite-05") return this.#canonical;
		if (this.#derived === undefined) {
			const transcoder = new Transcoder(encoding, () => this.#account());
			this.#derived = transcoder.tape;
			this.#canonical.attach(transcoder);
		}
		return this.#derived;
	}

	/**
	 * The next bytes of the body; ownership passes.
	 * @throws Malformed when they are no frames or over a limit of frames, and RequestError with the group's code when it
	 * was given up before (BoundsExceeded, Evicted …). The group is aborted by then.
	 */
	write(chunk: Uint8Array): void {
		if (this.#state === "finished") return;
		this.#check();
		this.#guard(() => this.#reader.push(chunk));
		if (this.#reframer === undefined) this.#canonical.append(chunk);
		else this.#reframer.flush();
		this.#account();
		if (this.#byteLength > GROUP_BYTES_MAX) this.abort(Code.BoundsExceeded);
		this.#check();
	}

	/** The body is complete. @throws Malformed in the middle of a frame; the group is aborted by then. */
	finish(): void {
		if (this.#state !== "open") return;
		this.#guard(() => this.#reader.finish());
		this.#state = "finished";
		this.#canonical.finish();
		this.#observer.onGroupEnd(this);
	}

	/** Give the group up with a stream code; plays of it are reset with it. */
	abort(code: number): void {
		if (this.#state !== "open") return;
		this.#state = "aborted";
		this.#code = code;
		this.#canonical.abort(code);
		this.#observer.onGroupEnd(this);
	}

	/** Drop the bytes: plays still running end with 31 Evicted. */
	evict(): void {
		if (this.#state === "evicted") return;
		const wasOpen = this.#state === "open";
		if (this.#state !== "aborted") this.#code = Code.Evicted;
		this.#state = "evicted";
		this.#canonical.evict();
		if (wasOpen) this.#observer.onGroupEnd(this);
	}

	#counter(): FrameSink {
		return {
			onFrame: () => {},
			onPayload: () => {},
			onFrameEnd: () => {
				this.#frameCount += 1;
			},
		};
	}

	/** @throws RequestError when the group takes no more. */
	#check(): void {
		if (this.#state === "open") return;
		throw new RequestError(this.#code, `group ${this.sequence} is ${this.#state}`);
	}

	#guard(parse: () => void): void {
		try {
			parse();
		} catch (thrown) {
			const isKnown = thrown instanceof Malformed || thrown instanceof RequestError;
			this.abort(isKnown ? thrown.code : Code.Decode);
			throw thrown;
		}
	}

	#account(): void {
		const byteLength = GROUP_OVERHEAD_BYTES + bytesOf(this.#canonical) + bytesOf(this.#derived);
		const bytes = byteLength - this.#byteLength;
		if (bytes <= 0) return;
		this.#byteLength = byteLength;
		this.#observer.onGrow(this, bytes);
	}
}

function reframerFor(options: GroupOptions, tape: Tape): Reframer | undefined {
	const { encoding, timescale, sourceTimescale } = options;
	if (encoding === "lite-01") return new Reframer(tape, arrivalStamp(options.wallMs, timescale));
	if (sourceTimescale === timescale) return undefined;
	return new Reframer(tape, scaleStamp(sourceTimescale, timescale));
}

function bytesOf(tape: Tape | undefined): number {
	return tape === undefined ? 0 : tape.byteLength + tape.chunks.length * CHUNK_OVERHEAD_BYTES;
}
