/**
 * The description in a decoder's configuration (avcC, hvcC, AudioSpecificConfig and their like).
 * @module
 */
import { hexOf } from "./catalog.ts";

/** The description as a catalog has it: hex; undefined when there is none. */
export function hexOfDescription(config: VideoDecoderConfig | AudioDecoderConfig): string | undefined {
	const { description } = config;
	if (description === undefined) return undefined;
	if (!ArrayBuffer.isView(description)) return hexOf(new Uint8Array(description));
	return hexOf(new Uint8Array(description.buffer, description.byteOffset, description.byteLength));
}
