import assert from "node:assert/strict";
import { test } from "node:test";
import { WaitingRoom } from "./waiting-room.ts";

test("WaitingRoom has so many places in all and for one address, and a place is left once", () => {
	const room = new WaitingRoom({ total: 4, perAddress: 2 });
	const leave = room.enter("192.0.2.1:1");
	assert.ok(leave);
	assert.ok(room.enter("192.0.2.1:2"));
	assert.equal(room.enter("192.0.2.1:3"), undefined);
	assert.ok(room.enter("192.0.2.2:1"));
	leave();
	leave();
	assert.equal(room.size, 2);
	assert.ok(room.enter("192.0.2.1:4"));
	assert.ok(room.enter("[2001:db8::1]:1"));
	assert.equal(room.enter("192.0.2.9:1"), undefined);
});

test("WaitingRoom counts loopback only in all", () => {
	const room = new WaitingRoom({ total: 6, perAddress: 1 });
	for (const remote of ["127.0.0.1:1", "127.0.0.1:2", "[::1]:1", "[::1]:2", "[::ffff:127.0.0.1]:1"]) {
		assert.ok(room.enter(remote), remote);
	}
	assert.ok(room.enter("127.0.0.1:9"));
	assert.equal(room.enter("127.0.0.1:10"), undefined);
});
