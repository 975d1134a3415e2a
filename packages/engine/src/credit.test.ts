import assert from "node:assert/strict";
import { test } from "node:test";
import { limits } from "@moq-relay/core";
import { Credit } from "./credit.ts";
import type { Link } from "./lane.ts";
import { SESSION_CREDIT_BYTES, STREAM_CREDIT_BYTES } from "./limits.ts";

function credit(over = false): { credit: Credit; returned: [number, number][] } {
	const returned: [number, number][] = [];
	const commands = { credit: (_key: unknown, stream: number, bytes: number) => returned.push([stream, bytes]) };
	const link = { key: { thread: 0, id: 1 }, commands, over };
	return { credit: new Credit(link as unknown as Link), returned };
}

test("Credit returns a stream's bytes once they are worth a command", () => {
	const { credit: kept, returned } = credit();
	for (let at = 0; at < STREAM_CREDIT_BYTES - 1000; at += 1000) kept.add(4, 1000);
	assert.deepEqual(returned, []);
	kept.add(4, 2000);
	assert.equal(returned.length, 1);
	assert.ok((returned[0]?.[1] ?? 0) >= STREAM_CREDIT_BYTES);
	kept.add(4, 0);
	assert.equal(returned.length, 1);
});

test("Credit keeps back so little that neither stream nor session is ever held up by it", () => {
	assert.ok(2 * STREAM_CREDIT_BYTES <= limits.READ_AHEAD_BYTES);
	assert.ok(2 * SESSION_CREDIT_BYTES <= limits.SESSION_READ_AHEAD_BYTES);
	const { credit: kept, returned } = credit();
	let added = 0;
	for (let stream = 0; stream < 10_000; stream++) {
		kept.add(stream, 999);
		added += 999;
		const given = returned.reduce((sum, [, bytes]) => sum + bytes, 0);
		assert.ok(added - given < SESSION_CREDIT_BYTES);
	}
});

test("Credit of a connection that is over is kept", () => {
	const { credit: kept, returned } = credit(true);
	kept.add(4, 2 * SESSION_CREDIT_BYTES);
	assert.deepEqual(returned, []);
});
