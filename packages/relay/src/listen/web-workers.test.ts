/** The pool of web workers: shared ports, a worker that dies, and questions that are left open. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { systemClock } from "@moq-relay/client";
import type { Connection, ConnectionEnd } from "@moq-relay/core";
import { WebSocket } from "ws";
import { PortError } from "./address.ts";
import type { Answer } from "./answer.ts";
import type { Door, WebRequest } from "./doorway.ts";
import { WebWorkers } from "./web-workers.ts";
import type { UpgradeQuestion, WorkerSink } from "./worker-link.ts";

const DOOR: Door = {
	id: 0,
	host: "127.0.0.1",
	port: 0,
	plain: "all",
	identities: undefined,
	kind: "public",
	clientRoots: undefined,
	webSocket: true,
};

/** A sink that a test fills as far as it needs it. */
function sinkOf(part: Partial<WorkerSink>): WorkerSink {
	return {
		onRequest: (_request: WebRequest, answer: Answer) => {
			answer.head(200, {});
			answer.end();
		},
		onUpgrade: (question: UpgradeQuestion) => question.refuse(503, ""),
		onTurnedAway: () => {},
		onFault: (error) => {
			throw error;
		},
		...part,
	};
}

function start(part: Partial<WorkerSink>, workers = 1): Promise<WebWorkers> {
	return WebWorkers.start({
		doors: [DOOR],
		identities: { server: [], https: [], cluster: [] },
		versions: ["moq-lite-05", "moq-lite-02"],
		workers,
		clock: { ...systemClock, after: (_delayMs, run) => systemClock.after(0, run) },
		sink: sinkOf(part),
	});
}

function portOf(pool: WebWorkers): number {
	return pool.doors[0]?.port ?? 0;
}

test("WebWorkers listen on one port together, and free it when they close", async () => {
	await using pool = await start({}, 3);
	assert.equal(pool.size, 3);
	const url = `http://127.0.0.1:${portOf(pool)}/`;
	for (let at = 0; at < 12; at++) {
		assert.equal((await fetch(url, { headers: { connection: "close" } })).status, 200);
	}
	await pool.close();
	await assert.rejects(fetch(url));
});

test("WebWorkers.start() refuses a port that other workers share already", async () => {
	await using pool = await start({});
	const again = WebWorkers.start({
		doors: [{ ...DOOR, port: portOf(pool) }],
		identities: { server: [], https: [], cluster: [] },
		versions: ["moq-lite-05", "moq-lite-02"],
		workers: 1,
		clock: systemClock,
		sink: sinkOf({}),
	});
	await assert.rejects(again, (error) => error instanceof PortError && error.code === "EADDRINUSE");
});

test("WebWorkers replaces a worker that died; its connections end, and so do its questions", async () => {
	const ended = Promise.withResolvers<ConnectionEnd>();
	const connected = Promise.withResolvers<void>();
	const gone: string[] = [];
	const faults: string[] = [];
	const held = Promise.withResolvers<void>();
	await using pool = await start({
		onRequest: (request, answer) => {
			if (request.target === "/now") {
				answer.head(200, {});
				answer.end();
				return;
			}
			answer.follow({ onGone: () => gone.push("request"), onRoom: () => {} });
			held.resolve();
		},
		onUpgrade: (question) =>
			question.admit({
				onConnection: (connection: Connection) => {
					connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: ended.resolve });
					connected.resolve();
				},
				onFailed: () => gone.push("upgrade"),
			}),
		onFault: (error) => faults.push(String(error)),
	});
	const port = portOf(pool);
	const webSocket = new WebSocket(`ws://127.0.0.1:${port}/`, "qmux-01.moq-lite-05");
	webSocket.on("error", () => {});
	const closed = once(webSocket, "close");
	const pending = assert.rejects(fetch(`http://127.0.0.1:${port}/held`));
	await Promise.all([connected.promise, held.promise]);
	for (const link of pool.links) await link.terminate();
	assert.equal((await ended.promise).by, "transport");
	await Promise.all([closed, pending]);
	assert.deepEqual(gone, ["request"]);
	// The kernel refuses until the new worker listens.
	const answer = async (): Promise<number> => {
		for (;;) {
			const response = await fetch(`http://127.0.0.1:${port}/now`).catch(() => undefined);
			if (response !== undefined) return response.status;
			await new Promise((resolve) => setImmediate(resolve));
		}
	};
	assert.equal(await answer(), 200);
	assert.equal(pool.size, 1);
	assert.deepEqual(faults, ["Error: a worker ended; another one takes its place"]);
});

test("WorkerLink says when a peer leaves before its upgrade was answered", async () => {
	const left = Promise.withResolvers<void>();
	const asked = Promise.withResolvers<UpgradeQuestion>();
	await using pool = await start({
		onUpgrade: (question) => {
			question.onGone(left.resolve);
			asked.resolve(question);
		},
	});
	const webSocket = new WebSocket(`ws://127.0.0.1:${portOf(pool)}/`, "qmux-01.moq-lite-05");
	webSocket.on("error", () => {});
	const question = await asked.promise;
	webSocket.terminate();
	await left.promise;
	question.admit({ onConnection: () => assert.fail("nobody is there"), onFailed: () => {} });
});

test("WorkerLink ends only the connection whose sink throws", async () => {
	const faults: unknown[] = [];
	await using pool = await start({
		onUpgrade: (question) =>
			question.admit({
				onConnection: (connection) => {
					connection.accept({
						onBidi: () => {
							throw new Error("a fault of one session");
						},
						onUni: () => {},
						onDatagram: () => {},
						onEnd: () => {},
					});
				},
				onFailed: () => {},
			}),
		onFault: (error) => faults.push(error),
	});
	const dial = async (): Promise<WebSocket> => {
		const webSocket = new WebSocket(`ws://127.0.0.1:${portOf(pool)}/`, "webtransport");
		await once(webSocket, "open");
		return webSocket;
	};
	const [faulty, bystander] = [await dial(), await dial()];
	const closed = once(faulty, "close");
	faulty.send(Uint8Array.of(0x08, 0x00, 0x01));
	await closed;
	assert.match(String(faults[0]), /a fault of one session/);
	assert.equal(bystander.readyState, WebSocket.OPEN);
	assert.equal(pool.size, 1);
	bystander.terminate();
});
