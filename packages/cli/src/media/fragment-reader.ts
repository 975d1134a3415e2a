/**
 * Samples out of the fragments (`moof` and `mdat`) of one CMAF track.
 * @module
 */
import { Malformed } from "@moq-relay/wire";
import type { MediaSample } from "./container.ts";
import { BoxCursor, boxesIn, boxIn, type IsoBox, viewOf } from "./iso-box.ts";
import { MediaError } from "./media-error.ts";

/** What a fragment may leave out, from the init segment's `trex`. */
interface Defaults {
	readonly duration: number;
	readonly size: number;
	readonly flags: number;
}

/** Where a fragment's samples begin, and what they have in common. */
interface TrackFragment extends Defaults {
	readonly decodeTime: number;
	/** Offset that `trun` counts from, in the fragment's bytes. */
	readonly base: number;
}

/** Reads the fragments of one track. */
export class FragmentReader {
	readonly #timescale: number;
	readonly #trackId: number;
	readonly #defaults: Defaults;

	/** `init`: `ftyp` and `moov` with one track. @throws MediaError when it is not that. */
	constructor(init: Uint8Array) {
		try {
			const moov = boxIn(viewOf(init), "moov").body;
			const trak = boxIn(moov, "trak").body;
			this.#timescale = timescaleOf(boxIn(boxIn(trak, "mdia").body, "mdhd"));
			this.#trackId = trackIdOf(boxIn(trak, "tkhd"));
			this.#defaults = defaultsOf(moov, this.#trackId);
		} catch (thrown) {
			if (!(thrown instanceof Malformed)) throw thrown;
			throw new MediaError("the catalog's init segment is broken", { cause: thrown });
		}
	}

	/** The samples of one or several fragments. @throws Malformed */
	read(bytes: Uint8Array): readonly MediaSample[] {
		const samples: MediaSample[] = [];
		for (const moof of boxesIn(viewOf(bytes))) {
			if (moof.type !== "moof") continue;
			for (const traf of boxesIn(moof.body)) {
				if (traf.type === "traf") samples.push(...this.#readTrack(traf, bytes, moof.start));
			}
		}
		return samples;
	}

	#readTrack(traf: IsoBox, bytes: Uint8Array, moofStart: number): MediaSample[] {
		const boxes = boxesIn(traf.body);
		const tfhd = new BoxCursor(boxIn(traf.body, "tfhd").body);
		if (tfhd.u32() !== this.#trackId) return [];
		const fragment: TrackFragment = {
			base: tfhd.flags & BASE_OFFSET ? tfhd.u64() : moofStart,
			...this.#overrides(tfhd),
			decodeTime: new BoxCursor(boxIn(traf.body, "tfdt").body).word(),
		};
		const samples: MediaSample[] = [];
		let state = { time: fragment.decodeTime, at: fragment.base };
		for (const trun of boxes) {
			if (trun.type !== "trun") continue;
			state = this.#readRun(new BoxCursor(trun.body), { fragment, bytes, samples, ...state });
		}
		return samples;
	}

	#overrides(tfhd: BoxCursor): Defaults {
		if (tfhd.flags & DESCRIPTION_INDEX) tfhd.skip(4);
		return {
			duration: tfhd.flags & DEFAULT_DURATION ? tfhd.u32() : this.#defaults.duration,
			size: tfhd.flags & DEFAULT_SIZE ? tfhd.u32() : this.#defaults.size,
			flags: tfhd.flags & DEFAULT_FLAGS ? tfhd.u32() : this.#defaults.flags,
		};
	}

	/** Adds the run's samples; where the next run goes on. */
	#readRun(trun: BoxCursor, run: Run): { readonly time: number; readonly at: number } {
		const { fragment, bytes, samples } = run;
		let { time, at } = run;
		const count = trun.u32();
		if (count > bytes.byteLength) throw new Malformed(`${count} samples in ${bytes.byteLength} bytes`);
		if (trun.flags & DATA_OFFSET) at = fragment.base + trun.i32();
		const firstFlags = trun.flags & FIRST_FLAGS ? trun.u32() : undefined;
		for (let index = 0; index < count; index++) {
			const duration = trun.flags & SAMPLE_DURATION ? trun.u32() : fragment.duration;
			const size = trun.flags & SAMPLE_SIZE ? trun.u32() : fragment.size;
			const own = trun.flags & SAMPLE_FLAGS ? trun.u32() : fragment.flags;
			const flags = index === 0 ? (firstFlags ?? own) : own;
			const shift = trun.flags & SAMPLE_SHIFT ? (trun.version === 0 ? trun.u32() : trun.i32()) : 0;
			if (at < 0 || at + size > bytes.byteLength) throw new Malformed("a sample is not in its fragment");
			samples.push({
				timestampUs: Math.round(((time + shift) / this.#timescale) * 1_000_000),
				key: (flags & IS_NOT_SYNC) === 0,
				data: bytes.subarray(at, at + size),
			});
			time += duration;
			at += size;
		}
		return { time, at };
	}
}

/** One `trun` at work. */
interface Run {
	readonly fragment: TrackFragment;
	readonly bytes: Uint8Array;
	readonly samples: MediaSample[];
	readonly time: number;
	readonly at: number;
}

/** Bytes of the base64 in a catalog. */
export function bytesOfBase64(text: string): Uint8Array {
	return Uint8Array.from(Buffer.from(text, "base64"));
}

function timescaleOf(mdhd: IsoBox): number {
	const cursor = new BoxCursor(mdhd.body);
	cursor.skip(cursor.version === 1 ? 16 : 8);
	const timescale = cursor.u32();
	if (timescale === 0) throw new Malformed("a timescale of 0");
	return timescale;
}

function trackIdOf(tkhd: IsoBox): number {
	const cursor = new BoxCursor(tkhd.body);
	cursor.skip(cursor.version === 1 ? 16 : 8);
	return cursor.u32();
}

function defaultsOf(moov: DataView, trackId: number): Defaults {
	const mvex = boxesIn(moov).find((box) => box.type === "mvex");
	for (const trex of mvex === undefined ? [] : boxesIn(mvex.body)) {
		if (trex.type !== "trex") continue;
		const cursor = new BoxCursor(trex.body);
		if (cursor.u32() !== trackId) continue;
		cursor.skip(4);
		return { duration: cursor.u32(), size: cursor.u32(), flags: cursor.u32() };
	}
	return { duration: 0, size: 0, flags: 0 };
}

// Flags of tfhd.
const BASE_OFFSET = 0x1;
const DESCRIPTION_INDEX = 0x2;
const DEFAULT_DURATION = 0x8;
const DEFAULT_SIZE = 0x10;
const DEFAULT_FLAGS = 0x20;
// Flags of trun.
const DATA_OFFSET = 0x1;
const FIRST_FLAGS = 0x4;
const SAMPLE_DURATION = 0x100;
const SAMPLE_SIZE = 0x200;
const SAMPLE_FLAGS = 0x400;
const SAMPLE_SHIFT = 0x800;
/** Bit of a sample's own flags: it is no sync sample. */
const IS_NOT_SYNC = 0x1_0000;
