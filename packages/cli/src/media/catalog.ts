/**
 * The hang catalog: the JSON in a broadcast's `catalog.json` track that says which tracks there are (protocol §5).
 * @module
 */

/** How a rendition's frames are packed: a varint of microseconds before the payload, or a `moof`+`mdat` pair. */
export type Container = { readonly kind: "legacy" } | { readonly kind: "cmaf"; readonly init: string };

/** One video rendition; keys are WebCodecs' where it has them. */
export interface VideoRendition {
	readonly codec: string;
	readonly container: Container;
	readonly codedWidth?: number;
	readonly codedHeight?: number;
	readonly framerate?: number;
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

/** The catalog in one frame. @throws SyntaxError when it is no JSON object of the expected shape. */
export function decodeCatalog(frame: Uint8Array): Catalog {
	const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(frame));
	if (!isRecord(value)) throw new SyntaxError("the catalog is not a JSON object");
	for (const kind of ["video", "audio"] as const) {
		const part = value[kind];
		if (part === undefined) continue;
		if (!isRecord(part) || !isRecord(part["renditions"])) throw new SyntaxError(`catalog: ${kind} has no renditions`);
		for (const [track, rendition] of Object.entries(part["renditions"])) {
			const codec = isRecord(rendition) ? rendition["codec"] : undefined;
			if (typeof codec !== "string") throw new SyntaxError(`catalog: ${kind} rendition "${track}" names no codec`);
		}
	}
	return value as Catalog;
}

/** Bytes as the lower-case hex that descriptions use. */
export function hexOf(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

/** Bytes of a hex description. */
export function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
	return Uint8Array.from(Buffer.from(hex, "hex"));
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
