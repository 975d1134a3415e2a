/**
 * HTTP answers that are known as a whole.
 * @module
 */

import type { Answer } from "../listen/answer.ts";
import type { Headers } from "../listen/doorway.ts";

/** Status, text and what it is. */
export interface Reply {
	readonly status: number;
	readonly body?: string;
	/** Default: plain text. */
	readonly contentType?: string;
	readonly headers?: Headers;
}

/** What every public answer carries: any page may ask. */
export const CORS: Headers = {
	"access-control-allow-origin": "*",
	"access-control-allow-methods": "GET, HEAD, OPTIONS",
	"access-control-allow-headers": "Authorization",
};

/** Content type of plain answers. */
export const TEXT = "text/plain; charset=utf-8";

/** Content type of pages. */
export const HTML = "text/html; charset=utf-8";

/** The whole answer in one go; `bodiless` for HEAD. */
export function sendReply(answer: Answer, reply: Reply, bodiless: boolean): void {
	const bytes = new TextEncoder().encode(reply.body ?? "");
	answer.head(reply.status, {
		...CORS,
		...(bytes.byteLength > 0 && { "content-type": reply.contentType ?? TEXT }),
		"content-length": String(bytes.byteLength),
		"cache-control": "no-store",
		...reply.headers,
	});
	if (!bodiless && bytes.byteLength > 0) answer.write(bytes);
	answer.end();
}
