/**
 * Frames out of the containers that a catalog may name.
 * @module
 */
import { Cursor, Malformed } from "@moq-relay/wire";
import type { Container } from "./catalog.ts";
import { bytesOfBase64, FragmentReader } from "./fragment-reader.ts";
import { MediaError } from "./media-error.ts";

/** One encoded frame of a rendition. */
export interface MediaSample {
	/** Presentation time in microseconds, on the publisher's time line. */
	readonly timestampUs: number;
	readonly key: boolean;
	readonly data: Uint8Array;
}

/** What unpacking knows of a frame beside its bytes. */
export interface FramePlace {
	/** It begins its group, and so can be decoded by itself. */
	readonly first: boolean;
	readonly kind: "video" | "audio";
}

/** The samples in one frame of a track; none in a marker. @throws MediaError when it is not what the container says. */
export type Unpack = (payload: Uint8Array, place: FramePlace) => readonly MediaSample[];

/** How to unpack a rendition's frames. @throws MediaError when the container's own data is broken. */
export function unpackerOf(container: Container): Unpack {
	switch (container.kind) {
		case "legacy":
			return guarded("legacy", unpackLegacy);
		case "loc":
			return guarded("loc", unpackLoc);
		case "cmaf": {
			const reader = new FragmentReader(bytesOfBase64(container.init));
			return guarded("cmaf", (payload) => reader.read(payload));
		}
	}
}

function guarded(name: string, unpack: Unpack): Unpack {
	return (payload, place) => {
		try {
			return unpack(payload, place);
		} catch (thrown) {
			if (!(thrown instanceof Malformed)) throw thrown;
			throw new MediaError(`a frame is not in the container "${name}" that the catalog names`, { cause: thrown });
		}
	};
}

function unpackLegacy(payload: Uint8Array, place: FramePlace): readonly MediaSample[] {
	const cursor = new Cursor(payload);
	const timestampUs = cursor.varint();
	return sampleOf(timestampUs, cursor.rest(), place);
}

/** Low Overhead Container: properties by rising number, even ones a varint, odd ones bytes. */
function unpackLoc(payload: Uint8Array, place: FramePlace): readonly MediaSample[] {
	const cursor = new Cursor(payload);
	const properties = new Cursor(cursor.take(cursor.varint()));
	let timestamp: number | undefined;
	let timescale = 1_000_000;
	for (let id = 0; properties.remaining > 0; ) {
		id += properties.varint();
		if (id % 2 === 1) {
			properties.take(properties.varint());
			continue;
		}
		const value = properties.varint();
		if (TIMESTAMP_IDS.includes(id)) timestamp = value;
		else if (id === TIMESCALE_ID) timescale = value;
	}
	if (timestamp === undefined || timescale === 0) throw new Malformed("no timestamp");
	return sampleOf(Math.round((timestamp / timescale) * 1_000_000), cursor.rest(), place);
}

/** An empty payload marks the end of what is shown. */
function sampleOf(timestampUs: number, data: Uint8Array, { first, kind }: FramePlace): readonly MediaSample[] {
	return data.byteLength === 0 ? [] : [{ timestampUs, key: first || kind === "audio", data }];
}

/** Of the LOC drafts that are in use: npm `@moq/loc` writes the first. */
const TIMESTAMP_IDS: readonly number[] = [0x06, 0x10];
const TIMESCALE_ID = 0x08;
