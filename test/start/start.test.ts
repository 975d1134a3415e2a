import assert from "node:assert/strict";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { test } from "node:test";
import { connect, type PeerCertificate } from "node:tls";
import { freePort } from "../relay-process.ts";
import { eventually } from "../rust/eventually.ts";
import { processesWith, StartProcess } from "./start-process.ts";

/** Run `npm start` on a free port for as long as `use` does. */
async function started(
	flags: readonly string[],
	use: (start: StartProcess, port: number) => Promise<void>,
): Promise<void> {
	const port = await freePort();
	const start = new StartProcess(["--port", String(port), ...flags]);
	try {
		await start.says(/Ctrl-C ends everything/);
		await start.says(/"session\.open"/); // the publisher's
		await use(start, port);
	} finally {
		start.abandon();
	}
}

/** The commands of a start: both have the address on their command line. */
function commandsAt(port: number): string[] {
	return processesWith(`localhost:${port}`).map(({ command }) => command);
}

for (const [how, end] of [
	["SIGINT to the process group", (start: StartProcess) => start.signalGroup("SIGINT")],
	["SIGINT to npm alone", (start: StartProcess) => start.signalNpm("SIGINT")],
	["SIGTERM to npm alone", (start: StartProcess) => start.signalNpm("SIGTERM")],
] as const) {
	test(`npm start: serves the page and the clip, and ${how} ends all of it with exit code 0`, async () => {
		await started([], async (start, port) => {
			assert.match(start.output, new RegExp(`Open http://localhost:${port}/\n`));
			const page = await fetch(`http://localhost:${port}/`);
			assert.match(await page.text(), /<title>moq-relay<\/title>/);
			await eventually(async () => {
				const announced = await fetch(`http://localhost:${port}/announced/demo`);
				assert.equal((await announced.text()).trim(), "clip.hang");
			});
			assert.equal(commandsAt(port).length, 2, "relay and publisher");
			end(start);
			assert.equal(await start.ended(), 0, start.output);
			assert.deepEqual(commandsAt(port), []);
		});
	});
}

test("npm start: a command that dies ends everything, with its name and an exit code", async () => {
	await started([], async (start, port) => {
		const [relay] = processesWith(`localhost:${port}`).filter(({ command }) => command.includes("--server-bind"));
		assert.ok(relay);
		process.kill(relay.pid, "SIGKILL");
		assert.equal(await start.ended(), 1);
		assert.match(start.output, /^moq-relay ended by SIGKILL$/m);
		assert.deepEqual(commandsAt(port), []);
	});
});

test("npm start: nothing outlives it, even when it is killed", async () => {
	await started([], async (_, port) => {
		const [own] = processesWith(`scripts/start.js --port ${port}`);
		assert.ok(own);
		process.kill(own.pid, "SIGKILL");
		while (commandsAt(port).length > 0) await new Promise((resolve) => setTimeout(resolve, 50));
	});
});

test("npm start --host: prints https addresses, and the certificate covers them", async () => {
	await started(["--host"], async (start, port) => {
		const address = /^Open (https:\/\/\S+)$/m.exec(start.output)?.[1] ?? "";
		const { subjectaltname = "" } = await certificateAt(port);
		const host = new URL(address).hostname;
		assert.ok(host === hostname() || subjectaltname.includes(host.replace(/[[\]]/g, "").toUpperCase()), address);
		for (const name of ["DNS:localhost", "IP Address:127.0.0.1", `DNS:${hostname()}`]) {
			assert.ok(subjectaltname.split(", ").includes(name), `${name} in ${subjectaltname}`);
		}
		start.signalGroup("SIGINT");
		assert.equal(await start.ended(), 0);
	});
});

test("npm start: a port in use is one line and exit code 2", async () => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	assert.ok(typeof address === "object" && address !== null);
	const start = new StartProcess([`--port=${address.port}`]);
	try {
		assert.equal(await start.ended(), 2);
		assert.match(start.output, new RegExp(`^npm start: port ${address.port} is in use; .*$`, "m"));
		assert.doesNotMatch(start.output, /^\s+at /m, "a stack trace");
	} finally {
		start.abandon();
		server.close();
	}
});

test("npm start: flags that make no sense are one line and exit code 2", async () => {
	for (const [flags, line] of [
		[["--port", "70000"], /^npm start: --port takes a number from 1 to 65535, not "70000"$/m],
		[["--port"], /^npm start: --port takes a number from 1 to 65535, not ""$/m],
		[["--host=example"], /^npm start: --host takes no value/m],
		[["--port", String(await freePort()), "--log-levell=debug"], /unknown option '--log-levell/],
	] as const) {
		const start = new StartProcess(flags);
		try {
			assert.equal(await start.ended(), 2, start.output);
			assert.match(start.output, line);
		} finally {
			start.abandon();
		}
	}
});

test("npm start: other flags reach the relay", async () => {
	const port = await freePort();
	const start = new StartProcess(["--port", String(port), "--log-level", "error"]);
	try {
		await start.says(/Ctrl-C ends everything/);
		assert.doesNotMatch(start.output, /relay\.ready/);
		start.signalGroup("SIGINT");
		assert.equal(await start.ended(), 0);
	} finally {
		start.abandon();
	}
});

function certificateAt(port: number): Promise<PeerCertificate> {
	return new Promise((resolve, reject) => {
		const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false }, () => {
			resolve(socket.getPeerCertificate());
			socket.destroy();
		});
		socket.once("error", reject);
	});
}
