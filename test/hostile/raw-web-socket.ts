/**
 * A WebSocket that breaks every rule above the handshake.
 * @module
 */
import { type RawOptions, RawSocket } from "./raw-socket.ts";

/** Opcodes of RFC 6455. */
export const Op = { more: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;

/** Request an upgrade, with whatever headers. */
export function upgradeRequest(path: string, headers: readonly string[] = []): string {
	const own = ["Host: localhost", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
	const key = headers.some((line) => /^sec-websocket-key:/i.test(line)) ? [] : [`Sec-WebSocket-Key: ${KEY}`];
	return `${[`GET ${path} HTTP/1.1`, ...own, ...key, ...headers].join("\r\n")}\r\n\r\n`;
}

/** One frame as a client sends it; the mask is zero, so that the payload needs no work. */
export function frame(opcode: number, payload: Uint8Array, { final = true }: { final?: boolean } = {}): Uint8Array {
	const { byteLength } = payload;
	const extra = byteLength < 126 ? 0 : byteLength < 65_536 ? 2 : 8;
	const bytes = Buffer.alloc(2 + extra + 4 + byteLength);
	bytes[0] = (final ? 0x80 : 0) | opcode;
	bytes[1] = 0x80 | (extra === 0 ? byteLength : extra === 2 ? 126 : 127);
	if (extra === 2) bytes.writeUInt16BE(byteLength, 2);
	if (extra === 8) bytes.writeBigUInt64BE(BigInt(byteLength), 2);
	bytes.set(payload, 2 + extra + 4);
	return bytes;
}

/** Upgrade to WebSocket with these subprotocols. */
export async function openWebSocket(
	port: number,
	protocols: readonly string[],
	{ path = "/", ...options }: RawOptions & { path?: string } = {},
): Promise<RawSocket> {
	const socket = await RawSocket.open(port, { ...options, deaf: false });
	const offer = protocols.length === 0 ? [] : [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`];
	await socket.send(upgradeRequest(path, offer));
	const answer = await socket.hears(/\r\n\r\n/);
	if (!answer.startsWith("HTTP/1.1 101")) throw new Error(`no upgrade: ${answer.slice(0, 100)}`);
	if (options.deaf === true) socket.socket.pause();
	return socket;
}

/** The code of the close frame that came, if one did. Looks at the tail: close is the last frame. */
export function closeCode(socket: RawSocket): number | undefined {
	let at = socket.heard.indexOf("\r\n\r\n") + 4;
	const bytes = socket.heard;
	while (at + 2 <= bytes.byteLength) {
		const opcode = (bytes[at] ?? 0) & 0x0f;
		const short = (bytes[at + 1] ?? 0) & 0x7f;
		const length =
			short === 126 ? bytes.readUInt16BE(at + 2) : short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short;
		const start = at + 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
		if (opcode === Op.close) return length >= 2 ? bytes.readUInt16BE(start) : 1005;
		at = start + length;
	}
	return undefined;
}

const KEY = Buffer.from("sixteen bytes ok").toString("base64");
