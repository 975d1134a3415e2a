export { APP_CODE_FIRST, Code, formatCode, fromHttp3Code, plainCode, toHttp3Code } from "./codes.ts";
export { Cursor } from "./cursor.ts";
export * as limits from "./limits.ts";
export { Malformed } from "./malformed.ts";
export { decodeUtf8, encodeUtf8, writeUtf8 } from "./utf8.ts";
export {
	encodeVarint,
	readVarint,
	readVarint62,
	type Varint62,
	varintLength,
	varintLengthOf,
	writeVarint,
} from "./varint.ts";
export { Writer } from "./writer.ts";
