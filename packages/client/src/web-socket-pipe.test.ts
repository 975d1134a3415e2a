/** WebSockets of a client on virtual time. */
import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { ConnectionEnd } from "@moq-relay/core";
import { VirtualClock } from "@moq-relay/testkit";
import { WebSocket, WebSocketServer } from "ws";
import { overWebSocket } from "./web-socket-pipe.ts";

interface Stage extends AsyncDisposable {
	readonly clock: VirtualClock;
	readonly ended: Promise<ConnectionEnd>;
	/** Pings that the server got. */
	pings(): number;
	/** Let so much time pass, with what comes over the network in between. */
	pass(ms: number): Promise<void>;
}

/** A connection in the oldest framing, which has no pings of its own, to a server that answers pings or does not. */
async function stage(autoPong: boolean): Promise<Stage> {
	const server = new WebSocketServer({ port: 0, host: "127.0.0.1", autoPong });
	let pings = 0;
	server.on("connection", (socket) => socket.on("ping", () => void (pings += 1)));
	await new Promise((resolve) => server.once("listening", resolve));
	const webSocket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
	await new Promise((resolve) => webSocket.once("open", resolve));
	const clock = new VirtualClock();
	const info = { transport: "websocket", server: false, protocol: "", remote: "", path: "/", host: "" } as const;
	const options = {
		framing: "webtransport",
		clock,
		idleMs: 1000,
		info: { ...info, peerCertificate: undefined },
	} as const;
	const connection = overWebSocket(webSocket, options);
	const ended = new Promise<ConnectionEnd>((onEnd) => {
		connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd });
	});
	const answered = (): Promise<unknown> => new Promise((resolve) => webSocket.once("pong", resolve));
	return {
		clock,
		ended,
		pings: () => pings,
		pass: async (ms) => {
			for (const untilMs = clock.nowMs() + ms; clock.nowMs() < untilMs; ) {
				const pong = autoPong ? answered() : undefined;
				clock.run(clock.nowMs() + 250);
				await pong;
			}
		},
		[Symbol.asyncDispose]: async () => {
			webSocket.terminate();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

test("overWebSocket() gives a peer up that has been silent for the idle time", async () => {
	await using one = await stage(false);
	await one.pass(1500);
	assert.equal((await one.ended).by, "transport");
});

test("overWebSocket() keeps a peer that answers pings, four in an idle time", async () => {
	await using one = await stage(true);
	await one.pass(10_000);
	assert.equal(one.pings(), 40);
});
