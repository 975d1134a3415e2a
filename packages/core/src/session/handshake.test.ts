import assert from "node:assert/strict";
import { test } from "node:test";
import { Code, decodeServerSetup, LITE_01, LITE_02, LITE_04, LITE_05, MessageReader } from "@moq-relay/wire";
import { assertEmpty, publish, SinkLog, World } from "./fixture.test.ts";
import { GRANT_ALL, type Grant } from "./grant.ts";
import { SESSION_LIMITS } from "./limits.ts";
import { RawPeer, toHex } from "./raw-peer.test.ts";
import { Session, type SessionOptions } from "./session.ts";

test("Handshake asks for the path that the connection carries, and at most once", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04, path: "/demo?jwt=T" });
	const asked: (string | undefined)[] = [];
	const { log } = listen(world, server, { authorise: (path, decide) => (asked.push(path), decide(GRANT_ALL)) });
	new RawPeer(client);
	world.run(100);
	assert.deepEqual(asked, ["/demo?jwt=T"]);
	assert.equal(log.version, "moq-lite-04");
});

test("Handshake asks for the path in the client's SETUP where the connection carries none", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_05, path: undefined });
	const asked: (string | undefined)[] = [];
	const { log } = listen(world, server, { authorise: (path, decide) => (asked.push(path), decide(GRANT_ALL)) });
	const peer = new RawPeer(client);
	world.run(100);
	assert.deepEqual(asked, [], "nothing is asked before the SETUP");
	peer.uni("01 09 01 02 06", new TextEncoder().encode("/a?b=c"));
	world.run(100);
	assert.deepEqual(asked, ["/a?b=c"]);
	assert.equal(log.version, "moq-lite-05");
});

test("Handshake tells a client's path in SETUP, where the connection carries none", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_05, path: undefined });
	const asked: (string | undefined)[] = [];
	listen(world, server, { authorise: (path, decide) => (asked.push(path), decide(GRANT_ALL)) });
	const { log } = listen(world, client, { path: "/live?jwt=T" });
	world.run(100);
	assert.deepEqual(asked, ["/live?jwt=T"]);
	assert.equal(log.version, "moq-lite-05");
});

test("Handshake asks with undefined where the version carries no path", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04, path: undefined });
	const asked: (string | undefined)[] = [];
	listen(world, server, { authorise: (path, decide) => (asked.push(path), decide(GRANT_ALL)) });
	new RawPeer(client);
	world.run(100);
	assert.deepEqual(asked, [undefined]);
});

test("Handshake serves nobody on moq-lite-05 before the client's SETUP, and gives up after limits.setupMs", () => {
	const world = new World();
	publish(world.relay, "a");
	const [client, server] = world.pair({ version: LITE_05 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	const interest = peer.bidi("01 02 00 00");
	world.run(SESSION_LIMITS.setupMs - 1000);
	assert.equal(interest.heard.bytes.length, 0);
	assert.equal(side.log.version, undefined);
	world.run(1100);
	assert.deepEqual(
		{ ...side.log.end, cause: undefined },
		{ code: Code.Timeout, reason: "no SETUP", by: "local", cause: undefined },
	);
	assert.equal(peer.end?.code, Code.Timeout);
	assertEmpty(side);
});

test("Handshake reads what came before the SETUP once that is there", () => {
	const world = new World();
	publish(world.relay, "a");
	const [client, server] = world.pair({ version: LITE_05 });
	listen(world, server, {});
	const peer = new RawPeer(client);
	const interest = peer.bidi("01 02 00 00");
	world.run(1000);
	peer.uni("01 01 00").send.finish();
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "020101" + "0401016100", "ANNOUNCE_OK of origin 1, then a");
});

test("Handshake closes with the refusal of authorise, also a late one", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04 });
	const side = listen(world, server, {
		authorise: (_path, decide) =>
			void world.clock.after(500, () => decide({ code: Code.Unauthorized, reason: "no such key" })),
	});
	const peer = new RawPeer(client);
	const interest = peer.bidi("01 02 00 00");
	world.run(1000);
	assert.deepEqual([peer.end?.code, peer.end?.reason], [Code.Unauthorized, "no such key"]);
	assert.equal(interest.heard.bytes.length, 0);
	assert.equal(side.log.version, undefined);
	assertEmpty(side);
});

test("Handshake ignores an answer that comes after the session ended", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04 });
	let answer: ((grant: Grant) => void) | undefined;
	const side = listen(world, server, { authorise: (_path, decide) => void (answer = decide) });
	const peer = new RawPeer(client);
	world.run(100);
	peer.connection.close(0, "changed my mind");
	world.run(100);
	answer?.(GRANT_ALL);
	world.run(100);
	assert.equal(side.log.version, undefined);
	assert.deepEqual([side.log.end?.by, side.log.end?.reason], ["remote", "changed my mind"]);
	assertEmpty(side);
});

for (const [role, grant] of [
	["01", { ...GRANT_ALL, publish: [] }],
	["02", { ...GRANT_ALL, subscribe: [] }],
] as const) {
	test(`Handshake refuses the role ${role} that the grant does not cover`, () => {
		const world = new World();
		const [client, server] = world.pair({ version: LITE_05 });
		const side = listen(world, server, { authorise: (_path, decide) => decide(grant) });
		const peer = new RawPeer(client);
		peer.uni("01 04 01 03 01", role);
		world.run(100);
		assert.equal(peer.end?.code, Code.Unauthorized);
		assert.equal(side.log.version, undefined);
	});
}

test("Handshake refuses a grant of nothing", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_04 });
	const side = listen(world, server, {
		authorise: (_path, decide) => decide({ ...GRANT_ALL, publish: [], subscribe: [] }),
	});
	const peer = new RawPeer(client);
	world.run(100);
	assert.equal(peer.end?.code, Code.Unauthorized);
	assertEmpty(side);
});

test("Handshake does not tell a publisher what others announce", () => {
	const world = new World();
	publish(world.relay, "a");
	const [client, server] = world.pair({ version: LITE_05 });
	listen(world, server, {});
	const peer = new RawPeer(client);
	peer.uni("01 04 01 03 01 01");
	const interest = peer.bidi("01 02 00 00");
	world.run(100);
	assert.equal(toHex(interest.heard.bytes), "020100");
});

test("Handshake does not ask a subscriber for announcements", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_05 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	peer.uni("01 04 01 03 01 02");
	world.run(100);
	assert.equal(side.log.version, "moq-lite-05");
	assert.equal(peer.bidis.length, 0);
});

for (const [what, setup, code] of [
	["a path where the connection has one", "01 05 01 02 02 2f61", Code.ProtocolViolation],
	["a SETUP that does not decode", "01 02 01 01", Code.Decode],
	["a parameter twice", "01 07 02 05 01 07 05 01 08", Code.Duplicate],
] as const) {
	test(`Handshake ends the session over ${what}`, () => {
		const world = new World();
		const [client, server] = world.pair({ version: LITE_05 });
		const side = listen(world, server, {});
		const peer = new RawPeer(client);
		peer.uni(setup);
		world.run(100);
		assert.equal(peer.end?.code, code);
		assertEmpty(side);
	});
}

test("Handshake ends the session over a second SETUP", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_05 });
	listen(world, server, {});
	const peer = new RawPeer(client);
	peer.uni("01 01 00");
	world.run(100);
	peer.uni("01 01 00");
	world.run(100);
	assert.equal(peer.end?.code, Code.ProtocolViolation);
});

test("Handshake ends the session over a protocol that nobody knows", () => {
	const world = new World();
	const [client, server] = world.pair({ memory: { protocol: "moqt-99" } });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	world.run(100);
	assert.equal(peer.end?.code, Code.UnknownAlpn);
	assertEmpty(side);
});

test("Handshake picks the first version of an in-band SETUP that it knows", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_02 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	// As @moq/net 0.3.4 sends it: 02, 01, draft-14.
	const setup = peer.bidi(
		"20 0031 03 c0000000ff0dad02 c0000000ff0dad01 c0000000ff00000e 03 02 8000a455 80040b5a01 07 0b 6d6f712d6c6974652d6a73",
	);
	world.run(100);
	const reader = new MessageReader();
	reader.push(setup.heard.bytes);
	const reply = reader.setup();
	assert.equal(reply?.type, 0x21);
	assert.equal(decodeServerSetup(reply?.body ?? new Uint8Array()).version, LITE_02.code);
	assert.equal(side.log.version, "moq-lite-02");
});

test("Handshake ends the session when an in-band SETUP has no version in common", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_02 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	peer.bidi("20 000a 01 c0000000ff00000e 00");
	world.run(100);
	assert.equal(peer.end?.code, Code.Version);
	assertEmpty(side);
});

test("Handshake offers the client's versions, and takes what the server picks", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_01 });
	const relay = listen(world, server, {});
	const side = listen(world, client, { versions: ["moq-lite-01"] });
	world.run(100);
	assert.equal(side.log.version, "moq-lite-01");
	assert.equal(relay.log.version, "moq-lite-01");
});

test("Handshake ends the session with the stream of the in-band SETUP, and takes SESSION_INFO until then", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_02 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	const setup = peer.bidi("20 000a 01 c0000000ff0dad02 00", "02 4064");
	world.run(100);
	assert.equal(side.log.ends.length, 0);
	setup.send.finish();
	world.run(100);
	assert.equal(side.log.end?.code, 0);
	assertEmpty(side);
});

test("Handshake waits for an in-band SETUP no longer than limits.setupMs", () => {
	const world = new World();
	const [client, server] = world.pair({ version: LITE_02 });
	const side = listen(world, server, {});
	const peer = new RawPeer(client);
	peer.bidi("20");
	world.run(SESSION_LIMITS.setupMs + 100);
	assert.equal(peer.end?.code, Code.Timeout);
	assertEmpty(side);
});

test("Session ends with 6 Unauthorized when the grant expires, and not before a refresh does", () => {
	const world = new World();
	const expiresAtMs = world.clock.wallMs() + 200_000;
	const peer = world.join({ grant: { ...GRANT_ALL, expiresAtMs } });
	world.run(100_000);
	peer.relay.session.regrant({ ...GRANT_ALL, expiresAtMs: expiresAtMs + 100_000 });
	world.run(150_000);
	assert.equal(peer.log.ends.length, 0);
	world.run(60_000);
	assert.equal(peer.log.end?.code, Code.Unauthorized);
	assert.equal(world.clock.wallMs() > expiresAtMs + 100_000, true);
});

test("Session.close() tells the peer and ends once", () => {
	const world = new World();
	const peer = world.join({ version: LITE_04 });
	world.run(100);
	peer.session.close(7, "enough");
	peer.session.close(8, "again");
	world.run(100);
	assert.deepEqual([peer.log.end?.code, peer.log.end?.by], [7, "local"]);
	assert.deepEqual(
		[peer.relay.log.end?.code, peer.relay.log.end?.reason, peer.relay.log.end?.by],
		[7, "enough", "remote"],
	);
});

function listen(
	world: World,
	connection: ReturnType<World["pair"]>[0],
	options: Partial<SessionOptions>,
): { readonly session: Session; readonly log: SinkLog } {
	const log = new SinkLog();
	const session = new Session(connection, {
		...world.options(world.relay, log),
		authorise: (_path, decide) => decide(GRANT_ALL),
		...options,
	});
	return { session, log };
}
