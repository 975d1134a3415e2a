/**
 * The two globals that a codec needs, declared by hand so that neither `process` nor `window` is in reach here.
 * @module
 */
interface TextEncoderEncodeIntoResult {
	read: number;
	written: number;
}
interface TextEncoder {
	encodeInto(source: string, destination: Uint8Array): TextEncoderEncodeIntoResult;
}
declare var TextEncoder: { prototype: TextEncoder; new (): TextEncoder };

interface TextDecoderOptions {
	fatal?: boolean;
	ignoreBOM?: boolean;
}
interface TextDecoder {
	decode(input?: Uint8Array): string;
}
declare var TextDecoder: {
	prototype: TextDecoder;
	new (label?: string, options?: TextDecoderOptions): TextDecoder;
};
