/**
 * One subscription on one connection of the engine.
 * @module
 */
import type { Lane, LanePolicy, LaneSink, Tape } from "@moq-relay/core";
import type { CommandBuffer, ConnectionKey } from "./command-buffer.ts";
import { CODE_MAX, HEADER_BYTES_MAX } from "./limits.ts";
import type { TapeMirrors } from "./tape.ts";

/** What a connection lends its lanes and streams. */
export interface Link {
	readonly key: ConnectionKey;
	readonly commands: CommandBuffer;
	readonly tapes: TapeMirrors;
	/** True once the connection is over; commands are then pointless. */
	readonly over: boolean;
	/** The stream may be over: if so, forget it. */
	settle(stream: { readonly handle: number; readonly over: boolean }): void;
	/** The lane was closed with a code: what is dropped from then on is nobody's concern. */
	forgetLane(id: number): void;
}

/** A lane; the native side schedules its plays. */
export class EngineLane implements Lane {
	readonly id: number;
	readonly sink: LaneSink;
	readonly #link: Link;
	#closed = false;

	constructor(link: Link, id: number, lane: { readonly policy: LanePolicy; readonly sink: LaneSink }) {
		this.#link = link;
		this.id = id;
		this.sink = lane.sink;
		link.commands.laneSet(link.key, id, lane.policy);
	}

	get #idle(): boolean {
		return this.#closed || this.#link.over;
	}

	/** @throws RangeError for a header that is longer than any message needs. */
	play(tape: Tape, header: Uint8Array, tag: number): void {
		if (header.byteLength > HEADER_BYTES_MAX) throw new RangeError(`header of ${header.byteLength} bytes`);
		if (this.#idle) return;
		const { key, commands, tapes } = this.#link;
		commands.play(tapes.idOf(tape), { connection: key, lane: this.id, tag, header });
	}

	datagram(payload: Uint8Array): void {
		if (!this.#idle) this.#link.commands.datagram(this.#link.key, payload);
	}

	update(policy: LanePolicy): void {
		if (!this.#idle) this.#link.commands.laneSet(this.#link.key, this.id, policy);
	}

	close(code?: number): void {
		if (this.#idle) return;
		this.#closed = true;
		// without a code there may still be drops to report, and then that it drained
		if (code !== undefined) this.#link.forgetLane(this.id);
		this.#link.commands.laneClose(this.#link.key, this.id, code === undefined ? undefined : Math.min(code, CODE_MAX));
	}
}
