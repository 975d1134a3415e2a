import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "@moq-relay/testkit";
import type { Route } from "../model/route.ts";
import { AnnounceOutbox } from "./announce-outbox.ts";
import { SESSION_LIMITS } from "./limits.ts";

const ROUTE: Route = { hops: [], cost: 0 };

test("AnnounceOutbox tells changes at once while there is room", () => {
	const { outbox, told } = fixture();
	outbox.tell("a", { held: false, route: ROUTE });
	outbox.tell("a", { held: true, route: undefined });
	assert.deepEqual(told, ["a new", "a ended"]);
});

test("AnnounceOutbox tells the outcome of what changed while there was no room", () => {
	const { outbox, told, stream, clock } = fixture();
	outbox.tell("old", { held: false, route: ROUTE });
	stream.room = false;
	outbox.tell("full", { held: false, route: ROUTE });
	for (const path of ["brief", "new"]) outbox.tell(path, { held: false, route: ROUTE });
	outbox.tell("brief", { held: true, route: undefined });
	outbox.tell("old", { held: true, route: undefined });
	outbox.tell("full", { held: true, route: undefined });
	outbox.tell("full", { held: false, route: ROUTE });
	stream.room = true;
	clock.run(1000);
	assert.deepEqual(told, ["old new", "full new", "new new", "old ended", "full again"]);
});

test("AnnounceOutbox tells an end in its turn, however often the path comes back meanwhile", () => {
	const { outbox, told, stream, clock } = fixture();
	stream.room = false;
	outbox.tell("first", { held: false, route: ROUTE });
	outbox.tell("first", { held: true, route: undefined });
	outbox.tell("later", { held: false, route: ROUTE });
	outbox.tell("first", { held: false, route: ROUTE });
	outbox.tell("first", { held: true, route: undefined });
	stream.room = true;
	clock.run(1000);
	assert.deepEqual(told, ["first new", "first ended", "later new"]);
});

test("AnnounceOutbox tells nothing once it is closed", () => {
	const { outbox, told, stream, clock } = fixture();
	stream.room = false;
	outbox.tell("a", { held: false, route: ROUTE });
	outbox.tell("b", { held: false, route: ROUTE });
	outbox.close();
	stream.room = true;
	clock.run(60_000);
	assert.deepEqual(told, ["a new"]);
});

function fixture(): {
	readonly outbox: AnnounceOutbox;
	readonly told: readonly string[];
	readonly stream: { room: boolean };
	readonly clock: VirtualClock;
} {
	const clock = new VirtualClock();
	const told: string[] = [];
	const stream = { room: true, offer: () => stream.room };
	const context = { clock, limits: SESSION_LIMITS, fail: assert.fail };
	const outbox = new AnnounceOutbox(context, stream, (path, { held, route }) => {
		told.push(`${path} ${route === undefined ? "ended" : held ? "again" : "new"}`);
		return new Uint8Array(10);
	});
	return { outbox, told, stream, clock };
}
