/**
 * ISO base media boxes (ISO/IEC 14496-12): just enough to find the ones that matter.
 * @module
 */
import { Malformed } from "@moq-relay/wire";

/** One box: its four letters and what is in it, as a view. */
export interface IsoBox {
	readonly type: string;
	readonly body: DataView;
	/** Where the box begins in the bytes that were read. */
	readonly start: number;
}

/** The boxes that follow each other in `view`. @throws Malformed when one reaches beyond the end. */
export function boxesIn(view: DataView): readonly IsoBox[] {
	const boxes: IsoBox[] = [];
	for (let at = 0; at < view.byteLength; ) {
		const { type, header, size } = headerAt(view, at);
		if (size < header || size > view.byteLength - at) throw new Malformed(`box ${type} of ${size} bytes`);
		boxes.push({ type, body: sub(view, at + header, size - header), start: at });
		at += size;
	}
	return boxes;
}

/** The first box of a type. @throws Malformed when there is none. */
export function boxIn(view: DataView, type: string): IsoBox {
	const found = boxesIn(view).find((box) => box.type === type);
	if (found === undefined) throw new Malformed(`no box ${type}`);
	return found;
}

/** A view of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
	return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Fields of a full box, one after another; every read throws `Malformed` rather than pass the end. */
export class BoxCursor {
	readonly version: number;
	readonly flags: number;
	readonly #view: DataView;
	#at = 4;

	constructor(body: DataView) {
		this.#view = body;
		if (body.byteLength < 4) throw new Malformed("box ends early");
		this.version = body.getUint8(0);
		this.flags = body.getUint32(0) & 0xff_ffff;
	}

	/** Four bytes, unsigned. */
	u32(): number {
		return this.#view.getUint32(this.#advance(4));
	}

	/** Four bytes, signed. */
	i32(): number {
		return this.#view.getInt32(this.#advance(4));
	}

	/** Eight bytes, as near as a number comes. */
	u64(): number {
		return Number(this.#view.getBigUint64(this.#advance(8)));
	}

	/** `u64` in version 1 of the box, `u32` in version 0. */
	word(): number {
		return this.version === 1 ? this.u64() : this.u32();
	}

	skip(bytes: number): void {
		this.#advance(bytes);
	}

	#advance(bytes: number): number {
		const at = this.#at;
		if (bytes > this.#view.byteLength - at) throw new Malformed("box ends early");
		this.#at = at + bytes;
		return at;
	}
}

function headerAt(
	view: DataView,
	at: number,
): { readonly type: string; readonly header: number; readonly size: number } {
	const left = view.byteLength - at;
	if (left < 8) throw new Malformed("box ends early");
	const type = String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at + 4, 4));
	const size = view.getUint32(at);
	if (size === 0) return { type, header: 8, size: left };
	if (size !== 1) return { type, header: 8, size };
	if (left < 16) throw new Malformed("box ends early");
	return { type, header: 16, size: Number(view.getBigUint64(at + 8)) };
}

function sub(view: DataView, offset: number, length: number): DataView {
	return new DataView(view.buffer, view.byteOffset + offset, length);
}
