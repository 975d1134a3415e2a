import assert from "node:assert/strict";
import { test } from "node:test";
import { CommandError } from "./command-error.ts";
import { parseName, parseRelayUrl, urlFor } from "./relay-url.ts";

test("parseRelayUrl() takes the URL as it is, with its token", () => {
	for (const text of ["https://a.example/demo", "moqt://a.example:4443/demo?x=1&jwt=a.b.c"]) {
		assert.equal(parseRelayUrl(text).href, text);
	}
});

test("parseRelayUrl() throws one sentence, without what may be a token", () => {
	for (const text of ["", "foo", "ftp://a.example/", "https://", "a.example:4443?jwt=secret"]) {
		assert.throws(
			() => parseRelayUrl(text),
			(error) => error instanceof CommandError && !error.message.includes("secret") && !error.message.includes("\n"),
		);
	}
});

test("parseName() takes names, and no control characters", () => {
	assert.equal(parseName("/demo//clip.hang/"), "demo/clip.hang");
	assert.throws(() => parseName("a\nb"), CommandError);
});

test("urlFor() puts the transport into the scheme and keeps host, port and path", () => {
	const of = (text: string, transport: Parameters<typeof urlFor>[1]) => urlFor(new URL(text), transport).href;
	assert.equal(of("https://a.example/demo?jwt=x", "auto"), "https://a.example/demo?jwt=x");
	assert.equal(of("https://a.example:4443/demo?jwt=x", "websocket"), "wss://a.example:4443/demo?jwt=x");
	assert.equal(of("http://a.example:4443/demo", "websocket"), "ws://a.example:4443/demo");
	assert.equal(of("https://a.example:4443/demo?jwt=x", "quic"), "moqt://a.example:4443/demo?jwt=x");
	assert.equal(of("http://[::1]/demo", "quic"), "moqt://[::1]:80/demo");
	assert.equal(of("wss://a.example/demo", "webtransport"), "https://a.example/demo");
	assert.equal(of("moqt://a.example:4443/demo", "webtransport"), "https://a.example:4443/demo");
});
