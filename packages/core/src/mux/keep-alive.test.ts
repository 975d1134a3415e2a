import assert from "node:assert/strict";
import { test } from "node:test";
import { encodePing } from "@moq-relay/wire";
import { FRAMINGS, Solo } from "./fixture.test.ts";
import type { MuxHost } from "./host.ts";
import { KeepAlive } from "./keep-alive.ts";
import { IDLE_MS } from "./limits.ts";

test("KeepAlive ends a connection that hears nothing for the shorter idle time, in framings with pings", () => {
	for (const framing of ["qmux-01", "qmux-02"] as const) {
		for (const [idleMs, expected] of [
			[0, IDLE_MS],
			[9000, 9000],
			[90_000, IDLE_MS],
		] as const) {
			const solo = new Solo({ framing, peer: { idleMs } });
			solo.clock.run(expected);
			assert.deepEqual(solo.sink.ends, []);
			solo.clock.run(expected * 1.2);
			assert.deepEqual(solo.sink.ends, [{ code: 3, reason: "idle time-out", by: "transport" }]);
			assert.equal(solo.pipe.closed?.code, 1000);
			assert.equal(solo.clock.pending, 0);
		}
	}
});

test("KeepAlive ends a connection after the idle time that it is given, and tells the peer of it", () => {
	for (const framing of ["qmux-01", "qmux-02"] as const) {
		const solo = new Solo({ framing, idleMs: 1000, peer: { idleMs: IDLE_MS } });
		assert.equal(solo.sentOf("transport-parameters")[0]?.parameters.idleMs, 1000);
		solo.clock.run(1000);
		assert.ok(solo.sentOf("ping").length >= 2);
		assert.deepEqual(solo.sink.ends, []);
		solo.clock.run(1200);
		assert.equal(solo.sink.ends.length, 1);
	}
});

test("KeepAlive takes what the carrier heard for a sign of life", () => {
	const solo = new Solo({ framing: "qmux-01", idleMs: 1000 });
	for (let ms = 250; ms <= 5000; ms += 250) {
		solo.clock.run(ms);
		solo.connection.heard();
	}
	assert.deepEqual(solo.sink.ends, []);
});

test("KeepAlive does not blame the peer for a time in which it was held up itself", () => {
	let nowMs = 0;
	let check = (): void => {};
	let ends = 0;
	const clock = {
		wallMs: () => 0,
		random: () => 0,
		nowMs: () => nowMs,
		after: (_ms: number, run: () => void) => {
			check = run;
			return () => {};
		},
	};
	const nothing = { post: () => {}, wake: () => {}, sendControl: () => {} };
	const host: MuxHost = { framing: "qmux-01", server: true, clock, alive: true, ...nothing };
	const keepAlive = new KeepAlive(host, { idleMs: 1200, onSilence: () => ends++ });
	keepAlive.start(0);
	nowMs = 5000;
	check();
	assert.equal(ends, 0);
	nowMs += 200;
	check();
	assert.equal(ends, 1, "silence goes on, so it is over all the same");
});

test("KeepAlive ends a connection whose peer never sends its parameters", () => {
	const solo = new Solo({ framing: "qmux-01", peer: undefined });
	solo.clock.run(IDLE_MS * 1.2);
	assert.equal(solo.sink.ends.length, 1);
});

test("KeepAlive leaves framings without pings alone", () => {
	for (const framing of ["webtransport", "qmux-00"] as const) {
		const solo = new Solo({ framing });
		solo.clock.run(10 * IDLE_MS);
		assert.deepEqual(solo.sink.ends, []);
		assert.deepEqual(solo.sentOf("ping"), []);
	}
});

test("KeepAlive pings with rising numbers while it hears nothing, and lives as long as it is answered", () => {
	const solo = new Solo({ framing: "qmux-02" });
	let answered = 0;
	for (let ms = 1000; ms <= 10 * IDLE_MS; ms += 1000) {
		solo.clock.run(ms);
		for (const ping of solo.sentOf("ping").slice(answered)) {
			assert.deepEqual(ping, { type: "ping", response: false, sequence: answered });
			solo.receive(encodePing({ response: true, sequence: ping.sequence }));
			answered++;
		}
	}
	assert.deepEqual(solo.sink.ends, []);
	// One in every third of the idle time, give or take a check.
	assert.ok(answered >= 20 && answered <= 40, `${answered} pings`);
});

test("KeepAlive pings a peer that only listens, and one that only talks", () => {
	for (const side of ["we talk", "they talk"]) {
		const solo = new Solo({ framing: "qmux-01" });
		const send = solo.connection.openUni();
		for (let ms = 1000; ms < IDLE_MS * 0.9; ms += 1000) {
			solo.clock.run(ms);
			if (side === "we talk") send?.write(new Uint8Array(1));
			else solo.stream(2, "x");
		}
		assert.ok(solo.sentOf("ping").length >= 2, side);
		assert.deepEqual(solo.sink.ends, []);
	}
});

test("KeepAlive answers pings, and only the last of those that wait for the pipe", () => {
	for (const framing of FRAMINGS.slice(1)) {
		const solo = new Solo({ framing });
		const huge = 2n ** 60n;
		solo.receive(encodePing({ response: false, sequence: 7 }));
		assert.deepEqual(solo.sentOf("ping"), [{ type: "ping", response: true, sequence: 7 }]);
		solo.pipe.room = 0;
		for (const sequence of [8, 9, huge]) solo.receive(encodePing({ response: false, sequence }));
		assert.deepEqual(solo.drain(9), [{ type: "ping", response: true, sequence: huge }]);
		assert.deepEqual(solo.drain(9), []);
	}
});

test("KeepAlive measures the time that a ping takes", () => {
	const solo = new Solo({ framing: "qmux-01" });
	assert.equal(solo.connection.stats().rttMs, 0);
	while (solo.sentOf("ping").length === 0) solo.clock.step();
	solo.clock.run(solo.clock.nowMs() + 25);
	solo.receive(encodePing({ response: true, sequence: 0 }));
	assert.equal(solo.connection.stats().rttMs, 25);
	solo.clock.run(solo.clock.nowMs() + 1000);
	solo.receive(encodePing({ response: true, sequence: 0 }));
	assert.equal(solo.connection.stats().rttMs, 25);
});
