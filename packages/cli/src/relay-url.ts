/**
 * The URL of a relay, as the user writes it and as it is dialled.
 * @module
 */
import { type Path, parsePath } from "@moq-relay/wire";
import { CommandError } from "./command-error.ts";
import type { Transport } from "./connect-options.ts";

/** The URL of a relay. @throws CommandError when it can't be one. */
export function parseRelayUrl(text: string): URL {
	const url = URL.parse(text);
	if (url === null || !SCHEMES.has(url.protocol) || url.hostname === "") {
		throw new CommandError(
			`"${withoutQuery(text)}" is not the URL of a relay, such as https://relay.example:4443/demo`,
		);
	}
	return url;
}

/** The name of a broadcast or a prefix of names. @throws CommandError when it can't be one. */
export function parseName(text: string): Path {
	try {
		return parsePath(text);
	} catch (error) {
		throw new CommandError(
			`${JSON.stringify(text)} can't be a name: ${String(error instanceof Error && error.message)}`,
			{
				cause: error,
			},
		);
	}
}

/** The URL whose scheme says the transport, as `dial` understands it. */
export function urlFor(url: URL, transport: Transport): URL {
	if (transport === "auto") return url;
	const isPlain = url.protocol === "http:" || url.protocol === "ws:";
	if (transport === "websocket") return withScheme(url, isPlain ? "ws:" : "wss:");
	if (transport === "quic") return withScheme(url, "moqt:");
	return withScheme(url, isPlain ? "http:" : "https:");
}

/** Setting `protocol` does nothing between special schemes and others, so the text is changed. */
function withScheme(url: URL, scheme: string): URL {
	const port = url.port === "" && (url.protocol === "http:" || url.protocol === "ws:") ? "80" : url.port;
	const changed = new URL(`${scheme}//${url.host}${url.pathname}${url.search}`);
	changed.port = port;
	return changed;
}

/** What comes after the question mark may be a token. */
function withoutQuery(text: string): string {
	return text.replace(/\?.*/s, "?…");
}

const SCHEMES = new Set(["https:", "http:", "wss:", "ws:", "moqt:", "moql:"]);
