/**
 * Reads an MP4 (plain or fragmented), QuickTime, Matroska or WebM file, or the like from standard input, as encoded packets.
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
import { STDIN_CACHE_BYTES_MAX } from "../limits.ts";
import type { AudioRendition, VideoRendition } from "./catalog.ts";
import { hexOfDescription } from "./decoder-description.ts";
import { MediaError } from "./media-error.ts";

/** One encoded sample, in decode order. */
export interface MediaPacket {
	/** Presentation time on the input's own time line, in microseconds; may be negative. */
	readonly timestampUs: number;
	readonly durationUs: number;
	readonly key: boolean;
	readonly data: Uint8Array;
}

/** What a catalog says of one track. */
export type MediaDescription =
	| { readonly kind: "video"; readonly rendition: VideoRendition }
	| { readonly kind: "audio"; readonly rendition: AudioRendition };

/** One track of an input. */
export interface MediaTrack {
	/** The MoQ track's name: `video0`, `audio0`. */
	readonly name: string;
	readonly description: MediaDescription;
	/** Packets in decode order; once. */
	packets(): AsyncIterable<MediaPacket>;
}

/** An opened input. `close` releases the file. */
export interface MediaInput {
	readonly tracks: readonly MediaTrack[];
	close(): void;
}

/** Open a path, or `-` for standard input. @throws MediaError when it holds no track that can be published. */
export async function openMedia(path: string): Promise<MediaInput> {
	const isStream = path === "-";
	const source = isStream ? standardInput() : new FilePathSource(path);
	const input = new Input({ source, formats: [MP4, QTFF, MATROSKA, WEBM] });
	const tracks: MediaTrack[] = [];
	const unknown: string[] = [];
	try {
		for (const track of await input.getTracks()) {
			const description = await describe(track, isStream);
			if (description === undefined) {
				unknown.push((await track.getCodecParameterString()) ?? `${track.type} of an unknown codec`);
				continue;
			}
			const count = tracks.filter((other) => other.description.kind === description.kind).length;
			tracks.push({ name: `${description.kind}${count}`, description, packets: () => packets(track, path) });
		}
	} catch (error) {
		input.dispose();
		throw explained(path, error);
	}
	if (tracks.length === 0) {
		input.dispose();
		const found = unknown.length === 0 ? "no track" : unknown.join(", ");
		throw new MediaError(`${nameOf(path)} holds ${found}, and none of ${CODECS}`);
	}
	return { tracks, close: () => input.dispose() };
}

const CODECS = "H.264, H.265, AV1, VP8, VP9, AAC and Opus";

async function describe(track: InputTrack, isStream: boolean): Promise<MediaDescription | undefined> {
	if (track.isVideoTrack()) {
		const rendition = await videoRendition(track, isStream);
		return rendition && { kind: "video", rendition };
	}
	if (track.isAudioTrack()) {
		const rendition = await audioRendition(track);
		return rendition && { kind: "audio", rendition };
	}
	return undefined;
}

async function videoRendition(track: InputVideoTrack, isStream: boolean): Promise<VideoRendition | undefined> {
	const config = await track.getDecoderConfig();
	if (config === null || !VIDEO.test(config.codec)) return undefined;
	// A live stream would have to run for a while before it could be counted.
	const framerate = isStream ? undefined : (await track.computePacketStats(COUNTED_PACKETS)).averagePacketRate;
	return {
		codec: config.codec,
		container: { kind: "legacy" },
		codedWidth: await track.getCodedWidth(),
		codedHeight: await track.getCodedHeight(),
		...(framerate === undefined || !(framerate > 0) ? {} : { framerate: Math.round(framerate * 100) / 100 }),
		...(await bitrateOf(track)),
		...descriptionOf(config),
	};
}

async function audioRendition(track: InputAudioTrack): Promise<AudioRendition | undefined> {
	const config = await track.getDecoderConfig();
	if (config === null || !AUDIO.test(config.codec)) return undefined;
	return {
		codec: config.codec,
		container: { kind: "legacy" },
		sampleRate: config.sampleRate,
		numberOfChannels: config.numberOfChannels,
		...(await bitrateOf(track)),
		...descriptionOf(config),
	};
}

async function bitrateOf(track: InputTrack): Promise<{ bitrate?: number }> {
	const bitrate = await track.getAverageBitrate();
	return bitrate === null || !(bitrate > 0) ? {} : { bitrate: Math.round(bitrate) };
}

function descriptionOf(config: VideoDecoderConfig | AudioDecoderConfig): { readonly description?: string } {
	const description = hexOfDescription(config);
	return description === undefined ? {} : { description };
}

async function* packets(track: InputTrack, path: string): AsyncIterable<MediaPacket> {
	try {
		for await (const packet of new EncodedPacketSink(track).packets()) {
			yield {
				timestampUs: packet.microsecondTimestamp,
				durationUs: packet.microsecondDuration,
				key: packet.type === "key",
				data: packet.data,
			};
		}
	} catch (error) {
		throw explained(path, error);
	}
}

function standardInput(): ReadableStreamSource {
	const stream = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
	return new ReadableStreamSource(stream, { maxCacheSize: STDIN_CACHE_BYTES_MAX });
}

function nameOf(path: string): string {
	return path === "-" ? "standard input" : path;
}

function explained(path: string, error: unknown): MediaError {
	const code = error instanceof Error && "code" in error ? String(error.code) : "";
	const said = REASONS[code] ?? (code === "" ? "" : code);
	if (said !== "") return new MediaError(`${nameOf(path)} can't be read: ${said}`, { cause: error });
	const shape = path === "-" ? "a fragmented MP4, Matroska or WebM stream" : "an MP4, QuickTime, Matroska or WebM file";
	return new MediaError(`${nameOf(path)} is not ${shape}, or it is damaged`, { cause: error });
}

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EACCES: "permission denied",
	EISDIR: "it is a folder",
	ENOTDIR: "a part of the path is no folder",
};

/** What viewers in a browser have decoders for, and MP4 has a place for. */
const VIDEO = /^(avc[13]|hvc1|hev1|av01|vp09|vp08|vp8|vp9)(\.|$)/;
const AUDIO = /^(mp4a\.40\.|mp4a\.67|opus$)/;

/** Packets that the frame rate is counted over. */
const COUNTED_PACKETS = 60;
