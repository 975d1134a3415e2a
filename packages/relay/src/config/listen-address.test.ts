import assert from "node:assert/strict";
import { test } from "node:test";
import { formatListenAddress, isLoopback, parseListenAddress } from "./listen-address.ts";

test("parseListenAddress() reads names, IPv4 and bracketed IPv6, and formatListenAddress() writes them", () => {
	for (const [text, host, port] of [
		["[::]:443", "::", 443],
		["0.0.0.0:4443", "0.0.0.0", 4443],
		["localhost:0", "localhost", 0],
		["[::ffff:1.2.3.4]:1", "::ffff:1.2.3.4", 1],
		["relay.example.com:65535", "relay.example.com", 65535],
	] as const) {
		assert.deepEqual(parseListenAddress(text), { host, port });
		assert.equal(formatListenAddress({ host, port }), text);
	}
});

test("parseListenAddress() refuses what has no host, no port or stray characters", () => {
	for (const text of [
		"",
		"443",
		":443",
		"[]:443",
		"::1:443",
		"[::1]",
		"host",
		"host:",
		"host:65536",
		"host:x",
		"a b:1",
		"http://a:1",
	]) {
		assert.equal(parseListenAddress(text), undefined, text);
	}
});

test("isLoopback() is true exactly where only this machine connects", () => {
	const of = (text: string): boolean => isLoopback(parseListenAddress(text) ?? assert.fail(text));
	assert.deepEqual(["localhost:1", "127.0.0.1:1", "127.9.9.9:1", "[::1]:1"].map(of), [true, true, true, true]);
	assert.deepEqual(["[::]:1", "0.0.0.0:1", "10.0.0.1:1", "example.com:1", "127.example.com:1"].map(of), [
		false,
		false,
		false,
		false,
		false,
	]);
});
