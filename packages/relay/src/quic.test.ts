/** The relay over QUIC and WebTransport: sessions, refusals, limits, and live certificates. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connect as connectTls } from "node:tls";
import type { Connection, ConnectionEnd } from "@moq-relay/core";
import { ConnectError, Engine } from "@moq-relay/engine";
import { type StartedRelay, startRelay } from "./testing/started-relay.ts";
import { announced, connect, publish, Viewer, writeGroup } from "./testing/test-client.ts";
import { makeThrowAway } from "./tls/throw-away.ts";

const loaded = Engine.load();
if ("missing" in loaded) throw new Error(loaded.missing);
const engine: Engine = loaded;
after(() => engine.close());

const OPEN = ["--auth-public", ""];

function portOf(started: StartedRelay): number {
	const port = started.relay.addresses.quic[0]?.port ?? 0;
	assert.ok(port > 0);
	return port;
}

function quicUrl(scheme: string, started: StartedRelay, path: string): URL {
	return new URL(`${scheme}://127.0.0.1:${portOf(started)}${path}`);
}

const OVER_QUIC = { engine, webSocket: { enabled: false } };

/** A WebTransport session below any MoQ; `protocols` are what it offers. */
function webTransport(started: StartedRelay, path: string, protocols: readonly string[]): Promise<Connection> {
	const port = portOf(started);
	return engine.connect({
		addresses: [{ host: "127.0.0.1", port }],
		serverName: "localhost",
		verify: { disabled: true },
		webtransport: { url: `https://localhost:${port}${path}`, protocols },
	});
}

function endOf(connection: Connection): Promise<ConnectionEnd> {
	return new Promise((resolve) => {
		connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: resolve });
	});
}

test("Relay serves one broadcast over WebTransport, raw QUIC and WebSocket at once", async () => {
	await using started = await startRelay(...OPEN);
	const publisher = await connect(quicUrl("https", started, "/demo"), OVER_QUIC);
	assert.equal(publisher.connection.info.transport, "webtransport");
	const viewers = [
		await connect(quicUrl("https", started, "/demo"), OVER_QUIC),
		await connect(quicUrl("moqt", started, "/demo"), OVER_QUIC),
		await connect(started.url("/demo")),
	];
	assert.deepEqual(
		viewers.map(({ connection }) => connection.info.transport),
		["webtransport", "quic", "websocket"],
	);
	const track = publish(publisher, "cam.hang", "video");
	const views = await Promise.all(
		viewers.map(async (viewer) => new Viewer(await announced(viewer, "cam.hang"), "video")),
	);
	for (let group = 0; group < 4; group++) {
		writeGroup(track, [new Uint8Array(70_000).fill(group), new Uint8Array(3).fill(group)]);
		await Promise.all(views.map((view) => view.until(group + 1)));
	}
	for (const view of views) {
		assert.deepEqual(
			view.groups.map(({ sequence, aborted, frames }) => [sequence, aborted, ...frames.map((f) => f.payload.length)]),
			[0, 1, 2, 3].map((sequence) => [sequence, undefined, 70_000, 3]),
		);
		for (const { sequence, frames } of view.groups) {
			assert.ok(frames.every(({ payload }) => payload.every((byte) => byte === sequence)));
		}
	}
	for (const client of [publisher, ...viewers]) client.session.close(0, "");
});

test("Relay gives UDP and TCP the same port when it may choose", async () => {
	await using started = await startRelay(...OPEN);
	assert.equal(String(portOf(started)), started.url("/").port);
});

test("Relay refuses WebTransport by status where the client offers no protocols, else by session code 6", async () => {
	await using started = await startRelay("--auth-public", "open");
	await assert.rejects(webTransport(started, "/closed", []), (error) => {
		assert.ok(error instanceof ConnectError);
		assert.deepEqual([error.kind, error.status], ["status", 401]);
		return true;
	});
	const end = await endOf(await webTransport(started, "/closed", ["moq-lite-05"]));
	assert.deepEqual([end.code, end.by], [6, "remote"]);
	const admitted = await webTransport(started, "/open", ["moq-unknown", "moq-lite-04", "moq-lite-05"]);
	assert.equal(admitted.info.protocol, "moq-lite-04");
	admitted.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: () => {} });
	admitted.close(0, "");
});

test("Relay refuses raw QUIC with code 6 once SETUP has told the path", async () => {
	await using started = await startRelay("--auth-public", "open");
	const admitted = await connect(quicUrl("moqt", started, "/open/x"), OVER_QUIC);
	admitted.session.close(0, "");
	const refused = await connect(quicUrl("moqt", started, "/closed"), OVER_QUIC);
	const end = await refused.ended;
	assert.deepEqual([end.code, end.by], [6, "remote"]);
	const line = await started.line(({ event }) => event === "auth.fail");
	assert.match(String(line["remote"]), /^127\.0\.0\.1:\d+$/);
});

test("Relay admits so many QUIC sessions of one address and no more", async () => {
	await using started = await startRelay(...OPEN, "--limits-max-sessions-per-ip", "1");
	const held = await connect(quicUrl("https", started, "/"), OVER_QUIC);
	await assert.rejects(webTransport(started, "/", []), (error) => {
		assert.ok(error instanceof ConnectError);
		return error.status === 429;
	});
	const end = await endOf(await webTransport(started, "/", ["moq-lite-05"]));
	assert.equal(end.code, 11);
	held.session.close(0, "");
});

test("Relay.drain() sends peers away and close() tells them", async () => {
	await using started = await startRelay(...OPEN);
	const client = await connect(quicUrl("https", started, "/demo"), OVER_QUIC);
	await started.relay.drain({ deadlineMs: 50 });
	const late = await endOf(await webTransport(started, "/demo", ["moq-lite-05"]));
	assert.equal(late.by, "remote");
	await started.relay.close();
	assert.equal((await client.ended).by, "remote");
});

test("Relay shows a renewed certificate on QUIC and TCP, and sessions that stand go on", async () => {
	const folder = await mkdtemp(join(tmpdir(), "moq-renew-"));
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const write = async (): Promise<string> => {
		const made = await makeThrowAway(["localhost"], Date.now());
		await writeFile(key, made.key);
		await writeFile(cert, made.chain);
		return made.fingerprint;
	};
	const first = await write();
	await using started = await startRelay(...OPEN, "--tls-cert", cert, "--tls-key", key);
	assert.equal(started.relay.fingerprint, first);
	const standing = await connect(quicUrl("https", started, "/demo"), OVER_QUIC);
	const second = await write();
	await started.line(({ event }) => event === "tls.reload");
	assert.notEqual(first, second);
	const pinned = { engine, webSocket: { enabled: false }, tls: { fingerprints: [second] } };
	const renewed = await connect(quicUrl("https", started, "/demo"), pinned);
	assert.equal(await tcpFingerprint(portOf(started)), second);
	assert.equal(await (await fetch(started.url("/certificate.sha256"))).text(), second);
	publish(standing, "still.hang", "video");
	await announced(renewed, "still.hang");
	for (const client of [standing, renewed]) client.session.close(0, "");
	await rm(folder, { recursive: true });
});

function tcpFingerprint(port: number): Promise<string> {
	return new Promise((resolve, reject) => {
		const socket = connectTls({ host: "127.0.0.1", port, servername: "localhost", rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate().fingerprint256.replaceAll(":", "").toLowerCase());
			socket.destroy();
		});
		socket.on("error", reject);
	});
}
