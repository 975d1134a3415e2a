/**
 * Stream and session codes of moq-lite, and their WebTransport form.
 * @module
 */

/** Codes of RESET_STREAM, STOP_SENDING and session close. Peers may send any other number, JavaScript ones mostly 0. */
export const Code = {
	Cancel: 0,
	RequiredExtension: 1,
	Old: 2,
	Timeout: 3,
	Transport: 4,
	Decode: 5,
	Unauthorized: 6,
	Version: 9,
	UnexpectedStream: 10,
	BoundsExceeded: 11,
	Duplicate: 12,
	NotFound: 13,
	WrongSize: 14,
	ProtocolViolation: 15,
	UnexpectedMessage: 16,
	Unsupported: 17,
	Encode: 18,
	TooManyParameters: 19,
	InvalidRole: 20,
	UnknownAlpn: 21,
	Dropped: 24,
	Closed: 25,
	Lagged: 26,
	FrameTooLarge: 27,
	TimestampMismatch: 29,
	Unroutable: 30,
	Evicted: 31,
} as const;

/** A code that this relay sends. */
export type Code = (typeof Code)[keyof typeof Code];

/** First code that applications may define: App(n) is `APP_CODE_FIRST + n`. */
export const APP_CODE_FIRST: number = 64;

/** The name of a code for logs: "NotFound", "App(3)", or "Unknown(8)". */
export function formatCode(code: number): string {
	const name = NAMES.get(code);
	if (name !== undefined) return name;
	return code >= APP_CODE_FIRST ? `App(${code - APP_CODE_FIRST})` : `Unknown(${code})`;
}

/** The HTTP/3 error code that carries a WebTransport stream code (32 bits). */
export function toHttp3Code(code: number): number {
	if (!Number.isInteger(code) || code < 0 || code > WEBTRANSPORT_CODE_MAX) {
		throw new RangeError(`WebTransport code ${code} is not a 32-bit integer`);
	}
	return HTTP3_FIRST + code + Math.floor(code / RUN);
}

/** The WebTransport stream code inside an HTTP/3 error code; undefined when it carries none. */
export function fromHttp3Code(code: number): number | undefined {
	if (!Number.isInteger(code) || code < HTTP3_FIRST || code > HTTP3_LAST) return undefined;
	const offset = code - HTTP3_FIRST;
	// Every 31st code is one that HTTP/3 reserves for greasing.
	if (offset % (RUN + 1) === RUN) return undefined;
	return offset - Math.floor(offset / (RUN + 1));
}

/**
 * The plain code of whatever a peer sent on raw QUIC: the reference relay uses the HTTP/3 form there too, others the
 * plain one.
 */
export function plainCode(code: number): number {
	return fromHttp3Code(code) ?? code;
}

const WEBTRANSPORT_CODE_MAX = 0xffff_ffff;
const RUN = 0x1e;
const HTTP3_FIRST = 0x52e4_a40f_a8db;
const HTTP3_LAST = HTTP3_FIRST + WEBTRANSPORT_CODE_MAX + Math.floor(WEBTRANSPORT_CODE_MAX / RUN);
const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Code).map(([name, code]) => [code, name]));
