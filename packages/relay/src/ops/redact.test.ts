import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { redactUrl, sanitise } from "./redact.ts";

const TOKEN = `${Buffer.from('{"alg":"HS256"}').toString("base64url")}.eyJyb290IjoiIn0.c2lnbmF0dXJl`;

test("redactUrl() leaves no token in a URL, a path, a header or any other text", () => {
	const texts = [
		`https://relay.example.com/demo?jwt=${TOKEN}`,
		`/demo?a=1&jwt=${TOKEN}&b=2`,
		`/demo?JWT=${TOKEN}#x`,
		`/demo?%6awt=${TOKEN}`,
		`/demo;jwt=${TOKEN}`,
		`Bearer ${TOKEN}`,
		`the token ${TOKEN}, which`,
		`"${TOKEN}"`,
		`wss://x/?token=${TOKEN}`,
		`https://user:${TOKEN}@host/`,
		TOKEN.slice(0, 30),
	];
	for (const text of texts) {
		const redacted = redactUrl(text);
		for (const part of TOKEN.split(".")) assert.ok(!redacted.includes(part.slice(0, 12)), redacted);
	}
});

test("redactUrl() hides opaque credentials too, and nothing else", () => {
	assert.equal(redactUrl("/demo?jwt=opaque&cost=5"), "/demo?jwt=***&cost=5");
	assert.equal(redactUrl("https://user:pass@host/x"), "https://***@host/x");
	assert.equal(redactUrl("authorization: Bearer abc"), "authorization: Bearer ***");
	for (const text of ["/demo?a=1", "https://host:443/eyes", "mail@host", "/?jwt=", "peer said: bye"]) {
		assert.equal(redactUrl(text), text);
	}
});

test("sanitise() cuts to bytes, never inside a character", () => {
	assert.equal(sanitise("short", 256), "short");
	assert.equal(sanitise("x".repeat(257), 256), `${"x".repeat(256)}…`);
	assert.equal(sanitise("é".repeat(200), 255), `${"é".repeat(127)}…`);
	assert.equal(sanitise("😀".repeat(100), 6), "😀…");
});

test("sanitise() makes control characters and direction marks visible", () => {
	assert.equal(sanitise("a\nb\r\u0000\u001b[31m\u007f\u0085", 256), "a\\u000ab\\u000d\\u0000\\u001b[31m\\u007f\\u0085");
	assert.equal(sanitise("\u202eevil\u2066\u2028", 256), "\\u202eevil\\u2066\\u2028");
	assert.equal(sanitise("\ud800", 256), "\ufffd");
});

test("sanitise() of any text is short, printable and well formed", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.integer({ min: 1, max: 64 }), (text, bytesMax) => {
			const clean = sanitise(text, bytesMax);
			assert.ok(Buffer.byteLength(clean) <= bytesMax + Buffer.byteLength("…"));
			assert.doesNotMatch(clean, /\p{Cc}/u);
			assert.ok(clean.isWellFormed());
		}),
	);
});

test("sanitise() cuts no token in half before it is hidden", () => {
	const clean = sanitise(`${"x".repeat(250)}?jwt=${TOKEN}`, 256);
	assert.doesNotMatch(clean, /eyJ/);
});
