/**
 * What only the init segment of a CMAF rendition says.
 * @module
 */
import { BufferSource, Input, MP4 } from "mediabunny";
import { hexOfDescription } from "./decoder-description.ts";
import { bytesOfBase64 } from "./fragment-reader.ts";
import { MediaError } from "./media-error.ts";

/** The decoder's description (hex) in an init segment; undefined when it has none. @throws MediaError when it is broken. */
export async function descriptionOfInit(init: string): Promise<string | undefined> {
	const input = new Input({ source: new BufferSource(bytesOfBase64(init)), formats: [MP4] });
	try {
		const track = (await input.getPrimaryVideoTrack()) ?? (await input.getPrimaryAudioTrack());
		const config = await track?.getDecoderConfig();
		return config === undefined || config === null ? undefined : hexOfDescription(config);
	} catch (error) {
		throw new MediaError("the catalog's init segment is broken", { cause: error });
	} finally {
		input.dispose();
	}
}
