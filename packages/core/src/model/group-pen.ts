/**
 * A source's hold on the group that it writes.
 * @module
 */
import { Code } from "@moq-relay/wire";
import { RequestError } from "../error.ts";
import type { Group } from "./group.ts";
import type { GroupWriter } from "./source.ts";

/** Whom a pen tells that its source does not go on where another one stopped. */
export interface PenOwner {
	/** The group was given up. The one that the source is to write from its beginning; undefined when it is not wanted. */
	onDiffers(): Group | undefined;
}

/**
 * Writes to a group for one source, until it is taken away. A group that another source began is compared first: the
 * bytes that are there must come again, and only what follows them is written. So whatever a viewer gets of a group is
 * what one source alone sent.
 */
export class GroupPen implements GroupWriter {
	readonly #owner: PenOwner;
	/** Undefined once it is taken away. */
	#group: Group | undefined;
	/** What the group has already, while it is compared. */
	#begun: ByteCursor | undefined;

	constructor(group: Group, owner: PenOwner) {
		this.#group = group;
		this.#owner = owner;
		const { byteLength, chunks } = group.tape("lite-05");
		if (byteLength > 0) this.#begun = new ByteCursor(chunks, byteLength);
	}

	/** Nothing that comes through it counts from now on. */
	takeAway(): void {
		this.#group = undefined;
	}

	write(chunk: Uint8Array): void {
		const group = this.#group;
		if (group === undefined) return;
		if (this.#begun === undefined) group.write(chunk);
		else this.#compare(group, this.#begun, chunk);
	}

	finish(): void {
		if (this.#begun !== undefined && this.#group?.state === "open" && this.#begun.left > 0) {
			this.#replace(this.#group, this.#begun);
		}
		this.#group?.finish();
	}

	abort(code: number): void {
		this.#group?.abort(code);
	}

	#compare(group: Group, begun: ByteCursor, chunk: Uint8Array): void {
		// The cache may have taken the bytes, which then cannot be compared.
		if (group.state !== "open") throw new RequestError(group.code, `group ${group.sequence} is ${group.state}`);
		const length = Math.min(begun.left, chunk.byteLength);
		if (!begun.takes(chunk.subarray(0, length))) {
			this.#replace(group, begun).write(chunk);
			return;
		}
		if (begun.left > 0) return;
		this.#begun = undefined;
		if (chunk.byteLength > length) group.write(chunk.subarray(length));
	}

	/** Another group in all but its number: viewers of the first lose it, and the source begins again for those to come. */
	#replace(group: Group, begun: ByteCursor): Group {
		const head = begun.taken();
		this.#begun = undefined;
		group.abort(Code.Dropped);
		this.#group = this.#owner.onDiffers();
		if (this.#group === undefined) throw new RequestError(Code.Dropped, `group ${group.sequence} is not wanted`);
		for (const bytes of head) this.#group.write(bytes);
		return this.#group;
	}
}

/** A place in a list of chunks. */
class ByteCursor {
	readonly #chunks: readonly Uint8Array[];
	#chunk = 0;
	#offset = 0;
	/** Bytes from here to the end. */
	left: number;

	constructor(chunks: readonly Uint8Array[], byteLength: number) {
		this.#chunks = chunks;
		this.left = byteLength;
	}

	/** Whether these bytes come next; if they do, the place moves behind them, and otherwise it stays. No more than are left. */
	takes(bytes: Uint8Array): boolean {
		let chunk = this.#chunk;
		let offset = this.#offset;
		for (let at = 0; at < bytes.byteLength; ) {
			const here = this.#chunks[chunk] as Uint8Array;
			const length = Math.min(here.byteLength - offset, bytes.byteLength - at);
			for (let i = 0; i < length; i++) if (here[offset + i] !== bytes[at + i]) return false;
			at += length;
			offset += length;
			if (offset === here.byteLength) {
				chunk += 1;
				offset = 0;
			}
		}
		this.#chunk = chunk;
		this.#offset = offset;
		this.left -= bytes.byteLength;
		return true;
	}

	/** The bytes before this place. */
	taken(): Uint8Array[] {
		const whole = this.#chunks.slice(0, this.#chunk);
		const part = this.#chunks[this.#chunk]?.subarray(0, this.#offset);
		return part === undefined || part.byteLength === 0 ? whole : [...whole, part];
	}
}
