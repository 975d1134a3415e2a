/**
 * The hang catalog: the JSON in a broadcast's `catalog.json` track that says which tracks there are (protocol §5).
 * @module
 */
import { MediaError } from "./media-error.ts";

/** How a rendition's frames are packed. */
export type Container =
	/** A varint of microseconds, then the codec's payload. */
	| { readonly kind: "legacy" }
	/** `moof` and `mdat`; `init` is the init segment as base64. */
	| { readonly kind: "cmaf"; readonly init: string }
	/** A varint of the properties' length, the properties (timestamp, timescale), then the codec's payload. */
	| { readonly kind: "loc" };

/** One video rendition; keys are WebCodecs' where it has them. */
export interface VideoRendition {
	readonly codec: string;
	readonly container: Container;
	readonly codedWidth?: number;
	readonly codedHeight?: number;
	/** Frames per second. */
	readonly framerate?: number;
	/** Bits per second. */
	readonly bitrate?: number;
	/** avcC, hvcC or av1C as hex; absent for Annex B. */
	readonly description?: string;
}

/** One audio rendition. */
export interface AudioRendition {
	readonly codec: string;
	readonly container: Container;
	readonly sampleRate: number;
	readonly numberOfChannels: number;
	/** Bits per second. */
	readonly bitrate?: number;
	/** AudioSpecificConfig and its like, as hex. */
	readonly description?: string;
}

/** The catalog; each key of `renditions` is a track's name. */
export interface Catalog {
	readonly video?: { readonly renditions: Readonly<Record<string, VideoRendition>> };
	readonly audio?: { readonly renditions: Readonly<Record<string, AudioRendition>> };
}

/** The track that carries the catalog. */
export const CATALOG_TRACK: string = "catalog.json";

/** UTF-8 JSON of a catalog, one frame of the catalog track. */
export function encodeCatalog(catalog: Catalog): Uint8Array {
	return new TextEncoder().encode(JSON.stringify(catalog));
}

/**
 * A catalog out of parsed JSON. What a player does not need is left out, and so is a rendition that can't be used here: of
 * an unknown container, in another broadcast, or with broken fields. @throws MediaError when it is no catalog at all.
 */
export function catalogFrom(value: unknown): Catalog {
	if (!isRecord(value)) throw new MediaError("the catalog is not a JSON object");
	const video = renditionsOf(value["video"], videoFrom);
	const audio = renditionsOf(value["audio"], audioFrom);
	return {
		...(video === undefined ? {} : { video: { renditions: video } }),
		...(audio === undefined ? {} : { audio: { renditions: audio } }),
	};
}

/** Bytes as the lower-case hex that descriptions use. */
export function hexOf(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Bytes of a hex description. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(Buffer.from(hex, "hex"));
}

type Json = Readonly<Record<string, unknown>>;

function renditionsOf<Rendition>(
	part: unknown,
	from: (value: Json) => Rendition | undefined,
): Record<string, Rendition> | undefined {
	const renditions = isRecord(part) ? part["renditions"] : undefined;
	if (!isRecord(renditions)) return undefined;
	const usable: [string, Rendition][] = [];
	for (const [track, value] of Object.entries(renditions)) {
		const isElsewhere = isRecord(value) && typeof value["broadcast"] === "string" && !/^\.?$/.test(value["broadcast"]);
		const rendition = isRecord(value) && !isElsewhere ? from(value) : undefined;
		if (rendition !== undefined) usable.push([track, rendition]);
	}
	return usable.length === 0 ? undefined : Object.fromEntries(usable);
}

function videoFrom(value: Json): VideoRendition | undefined {
	const coded = codedFrom(value);
	return coded && { ...coded, ...pickNumbers(value, ["codedWidth", "codedHeight", "framerate", "bitrate"]) };
}

function audioFrom(value: Json): AudioRendition | undefined {
	const coded = codedFrom(value);
	const { sampleRate, numberOfChannels, ...rest } = pickNumbers(value, ["sampleRate", "numberOfChannels", "bitrate"]);
	if (coded === undefined || sampleRate === undefined || numberOfChannels === undefined) return undefined;
	return { ...coded, sampleRate, numberOfChannels, ...rest };
}

/** What both kinds have. */
function codedFrom(value: Json): Pick<VideoRendition, "codec" | "container" | "description"> | undefined {
	const { codec, description } = value;
	const container = containerFrom(value["container"]);
	if (typeof codec !== "string" || container === undefined) return undefined;
	if (description === undefined || description === null) return { codec, container };
	return typeof description === "string" && HEX.test(description) ? { codec, container, description } : undefined;
}

function containerFrom(value: unknown): Container | undefined {
	if (value === undefined) return { kind: "legacy" };
	if (!isRecord(value)) return undefined;
	const { kind, init } = value;
	if (kind === "legacy" || kind === "loc") return { kind };
	return kind === "cmaf" && typeof init === "string" ? { kind, init } : undefined;
}

function pickNumbers<Key extends string>(from: Json, keys: readonly Key[]): { [K in Key]?: number } {
	const picked: { [K in Key]?: number } = {};
	for (const key of keys) {
		const value = from[key];
		if (typeof value === "number" && Number.isFinite(value) && value > 0) picked[key] = value;
	}
	return picked;
}

function isRecord(value: unknown): value is Json {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

const HEX = /^([0-9a-fA-F]{2})*$/;
