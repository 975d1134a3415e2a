/**
 * A rendition's codec as an MP4 file names it.
 * @module
 */
import type { AudioCodec, VideoCodec } from "mediabunny";
import { type AudioRendition, bytesOf, type VideoRendition } from "./catalog.ts";
import { MediaError } from "./media-error.ts";

/** The codec of a picture. @throws MediaError when MP4 has no place for it. */
export function videoCodecOf({ codec }: VideoRendition): VideoCodec {
	const found = VIDEO.find(([pattern]) => pattern.test(codec));
	if (found === undefined) throw new MediaError(`the video codec ${JSON.stringify(codec)} can't be written to an MP4`);
	return found[1];
}

/** The codec of a sound. @throws MediaError when MP4 has no place for it. */
export function audioCodecOf({ codec }: AudioRendition): AudioCodec {
	if (codec === "opus" || codec === "flac") return codec;
	if (codec.startsWith("mp4a.")) return "aac";
	throw new MediaError(`the audio codec ${JSON.stringify(codec)} can't be written to an MP4`);
}

/** What a decoder needs to know of a picture. */
export function videoConfigOf(rendition: VideoRendition): VideoDecoderConfig {
	const { codec, codedWidth, codedHeight, description } = rendition;
	return {
		codec,
		...(codedWidth === undefined ? {} : { codedWidth }),
		...(codedHeight === undefined ? {} : { codedHeight }),
		...(description === undefined ? {} : { description: bytesOf(description) }),
	};
}

/** What a decoder needs to know of a sound. */
export function audioConfigOf(rendition: AudioRendition): AudioDecoderConfig {
	const { codec, sampleRate, numberOfChannels, description } = rendition;
	return {
		codec,
		sampleRate,
		numberOfChannels,
		...(description === undefined ? {} : { description: bytesOf(description) }),
	};
}

const VIDEO: readonly (readonly [RegExp, VideoCodec])[] = [
	[/^avc[13]\./, "avc"],
	[/^(hvc1|hev1)\./, "hevc"],
	[/^av01\./, "av1"],
	[/^vp0?9(\.|$)/, "vp9"],
	[/^vp0?8(\.|$)/, "vp8"],
];
