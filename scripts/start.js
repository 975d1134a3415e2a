/**
 * `npm start`: build what is missing, run a relay with a throw-away certificate on UDP and TCP port 4443, publish the shipped clip to
 * it in a loop, and serve the page that plays it. `--host` also listens on the network; other flags go to `moq-relay`.
 */
import { spawn } from "node:child_process";
import { hostname, networkInterfaces } from "node:os";
import { parseArgs } from "node:util";
import { build, node, root } from "./bootstrap.js";

const STOP_MS = 1500;

const { values, tokens } = parseArgs({
	args: process.argv.slice(2),
	strict: false,
	tokens: true,
	options: { port: { type: "string" }, host: { type: "boolean" } },
});
const port = Number(values.port ?? 4443);
if (!Number.isInteger(port) || port < 1 || port > 65535) {
	process.stderr.write(`--port ${values.port}: a port is a number from 1 to 65535\n`);
	process.exit(2);
}
const own = new Set(
	tokens.filter((token) => token.name === "port" || token.name === "host").map((token) => token.index),
);
const valueOf = tokens.find((token) => token.name === "port" && token.inlineValue === false);
const passed = process.argv.slice(2).filter((_, at) => !own.has(at) && at !== (valueOf?.index ?? Number.NaN) + 1);

await build({ engine: "optional" });

const addresses = Object.values(networkInterfaces())
	.flat()
	.filter((address) => address !== undefined && !address.internal && !address.address.startsWith("fe80"))
	.map((address) => address.address);
const names = values.host
	? ["localhost", "127.0.0.1", "::1", hostname(), ...addresses]
	: ["localhost", "127.0.0.1", "::1"];
const listen = values.host ? `[::]:${port}` : `localhost:${port}`;

const children = [];
let stopping = false;

/** Start one of the project's commands; the first to end on its own ends everything. */
function command(name, main, args) {
	const child = spawn(node, ["--enable-source-maps", `${root}/${main}`, ...args], {
		stdio: ["ignore", "inherit", "inherit"],
		detached: true,
	});
	children.push(child);
	child.on("error", (error) => {
		process.stderr.write(`${name}: ${error.message}\n`);
		stop(1);
	});
	child.on("exit", (code) => {
		if (!stopping) {
			process.stderr.write(`${name} ended with code ${code}\n`);
			stop(code === 0 ? 1 : (code ?? 1));
		}
	});
	return child;
}

/** End every child, kindly first, and then this process. */
function stop(code) {
	if (stopping) return;
	stopping = true;
	let left = children.filter((child) => child.exitCode === null && child.signalCode === null);
	const done = () => process.exit(code);
	if (left.length === 0) done();
	for (const child of left) {
		child.once("exit", () => {
			left = left.filter((other) => other !== child);
			if (left.length === 0) done();
		});
		child.kill("SIGTERM");
	}
	setTimeout(() => {
		for (const child of left) child.kill("SIGKILL");
		done();
	}, STOP_MS).unref();
}
process.on("SIGINT", () => stop(0));
process.on("SIGTERM", () => stop(0));

const relay = [
	"--server-bind",
	listen,
	"--tls-generate",
	names.join(","),
	"--auth-public",
	"",
	"--web-http-listen",
	listen,
];
command("moq-relay", "packages/relay/dist/main.js", [...relay, "--web-page", `${root}/page/dist`, ...passed]);
await answering(`http://localhost:${port}/health`);
const watched = ["--url", `http://localhost:${port}/demo`, "--name", "clip.hang"];
command("moq publish", "packages/cli/dist/main.js", ["publish", ...watched, "--loop", `${root}/examples/clip.mp4`]);

const page = values.host ? `https://${addresses[0] ?? hostname()}:${port}/` : `http://localhost:${port}/`;
process.stdout.write(`
Open ${page}

Then try:
  npx moq subscribe --url http://localhost:${port}/demo --name clip.hang --stats
  npx moq announced http://localhost:${port}/demo
  npm start -- --host        to watch from another machine
Ctrl-C ends everything.
`);

/** Wait until the relay answers; it says by itself why it can't start, and then this process ends with it. */
async function answering(url) {
	for (;;) {
		const answer = await fetch(url).catch(() => undefined);
		if (answer?.ok) return;
		if (stopping) return new Promise(() => {});
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}
