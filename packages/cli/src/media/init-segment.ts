/**
 * What only the init segment of a CMAF rendition says.
 * @module
 */
import { BufferSource, Input, MP4 } from "mediabunny";
import { hexOf } from "./catalog.ts";
import { bytesOfBase64 } from "./fragment-reader.ts";
import { MediaError } from "./media-error.ts";

/** The decoder's description (hex) in an init segment; undefined when it has none. @throws MediaError when it is broken. */
export async function descriptionOfInit(init: string): Promise<string | undefined> {
	const input = new Input({ source: new BufferSource(bytesOfBase64(init)), formats: [MP4] });
	try {
		const track = (await input.getPrimaryVideoTrack()) ?? (await input.getPrimaryAudioTrack());
		const description = (await track?.getDecoderConfig())?.description;
		if (description === undefined) return undefined;
		return ArrayBuffer.isView(description)
			? hexOf(new Uint8Array(description.buffer, description.byteOffset, description.byteLength))
			: hexOf(new Uint8Array(description));
	} catch (error) {
		throw new MediaError("the catalog's init segment is broken", { cause: error });
	} finally {
		input.dispose();
	}
}
