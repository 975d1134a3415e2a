/**
 * Reads an MP4 (plain or fragmented, from a file) or a fragmented MP4 (from standard input) as encoded packets.
 * @module
 */
import { Readable } from "node:stream";
import {
	EncodedPacketSink,
	FilePathSource,
	Input,
	type InputAudioTrack,
	type InputTrack,
	type InputVideoTrack,
	MATROSKA,
	MP4,
	QTFF,
	ReadableStreamSource,
	WEBM,
} from "mediabunny";
import { type AudioRendition, hexOf, type VideoRendition } from "./catalog.ts";

/** One encoded sample, in decode order. */
export interface MediaPacket {
	/** Presentation time from the start of the input, in microseconds. */
	readonly timestampUs: number;
	readonly durationUs: number;
	readonly key: boolean;
	readonly data: Uint8Array;
}

/** One track of an input. */
export interface MediaTrack {
	/** The MoQ track's name: `video0`, `audio0`. */
	readonly name: string;
	readonly kind: "video" | "audio";
	readonly rendition: VideoRendition | AudioRendition;
	/** Packets in decode order; once. */
	packets(): AsyncIterable<MediaPacket>;
}

/** What went wrong with an input, in one sentence for the person at the terminal. */
export class MediaError extends Error {
	override readonly name = "MediaError";
}

/** An opened input. `close` releases the file. */
export interface MediaInput {
	readonly tracks: readonly MediaTrack[];
	close(): void;
}

/** Open a path, or `-` for standard input. @throws MediaError when it holds no track that can be published. */
export async function openMedia(path: string): Promise<MediaInput> {
	const source = path === "-" ? new ReadableStreamSource(standardInput()) : new FilePathSource(path);
	const input = new Input({ source, formats: [MP4, QTFF, MATROSKA, WEBM] });
	const what = path === "-" ? "standard input" : path;
	let found: InputTrack[];
	try {
		found = await input.getTracks();
	} catch (error) {
		input.dispose();
		throw new MediaError(`${what}: ${explain(error)}`, { cause: error });
	}
	const tracks: MediaTrack[] = [];
	for (const track of found) {
		const name = `${track.type}${tracks.filter((other) => other.kind === track.type).length}`;
		const read = await readTrack(track, name);
		if (read !== undefined) tracks.push(read);
	}
	if (tracks.length === 0) {
		input.dispose();
		throw new MediaError(`${what} has no video or audio track of a known codec (H.264, H.265, AV1, VP8, VP9, AAC, Opus)`);
	}
	return { tracks, close: () => input.dispose() };
}

async function readTrack(track: InputTrack, name: string): Promise<MediaTrack | undefined> {
	if (track.isVideoTrack()) {
		const rendition = await videoRendition(track);
		return rendition && { name, kind: "video", rendition, packets: () => packets(track) };
	}
	if (track.isAudioTrack()) {
		const rendition = await audioRendition(track);
		return rendition && { name, kind: "audio", rendition, packets: () => packets(track) };
	}
	return undefined;
}

async function videoRendition(track: InputVideoTrack): Promise<VideoRendition | undefined> {
	const config = await track.getDecoderConfig();
	if (config === null) return undefined;
	const bitrate = await track.getAverageBitrate().catch(() => null); // an unsized stream can't know it
	return {
		codec: config.codec,
		container: { kind: "legacy" },
		codedWidth: await track.getCodedWidth(),
		codedHeight: await track.getCodedHeight(),
		...(bitrate === null ? {} : { bitrate: Math.round(bitrate) }),
		...(config.description === undefined ? {} : { description: hexOf(viewOf(config.description)) }),
	};
}

async function audioRendition(track: InputAudioTrack): Promise<AudioRendition | undefined> {
	const config = await track.getDecoderConfig();
	if (config === null) return undefined;
	return {
		codec: config.codec,
		container: { kind: "legacy" },
		sampleRate: config.sampleRate,
		numberOfChannels: config.numberOfChannels,
		...(config.description === undefined ? {} : { description: hexOf(viewOf(config.description)) }),
	};
}

async function* packets(track: InputTrack): AsyncIterable<MediaPacket> {
	for await (const packet of new EncodedPacketSink(track).packets()) {
		yield {
			timestampUs: packet.microsecondTimestamp,
			durationUs: packet.microsecondDuration,
			key: packet.type === "key",
			data: packet.data,
		};
	}
}

function standardInput(): ReadableStream<Uint8Array> {
	return Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
}

function viewOf(source: AllowSharedBufferSource): Uint8Array {
	return ArrayBuffer.isView(source)
		? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
		: new Uint8Array(source);
}

function explain(error: unknown): string {
	if (error instanceof Error && "code" in error && error.code === "ENOENT") return "no such file";
	if (error instanceof Error && "code" in error && error.code === "EACCES") return "permission denied";
	return error instanceof Error && !/unsupported|unrecogni[sz]able/i.test(error.message)
		? error.message
		: "not an MP4 (plain or fragmented), QuickTime, Matroska or WebM file";
}
