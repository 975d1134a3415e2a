/**
 * `npm start`: build what is missing, run a relay with a throw-away certificate on UDP and TCP port 4443, publish the shipped clip to
 * it in a loop, and serve the page that plays it. Plain JavaScript, Node 20.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { root } from "./bootstrap.js";
import { Family } from "./family.js";
import { certificateNames, FlagError, pageAddresses, readFlags, USAGE } from "./start-flags.js";

/** Time between two questions whether the relay is up, in ms. */
const ASK_MS = 50;

const args = process.argv.slice(2);
if (args.includes("--help")) {
	process.stdout.write(USAGE);
	process.exit(0);
}
const family = new Family();
try {
	await start(readFlags(args));
} catch (error) {
	if (!(error instanceof FlagError)) throw error;
	process.stderr.write(`npm start: ${error.message}\n`);
	process.exit(2);
}

async function start(flags) {
	const { port, isOpen, passed } = flags;
	// Before minutes of building: a busy port is told at once.
	await checkPort(port, isOpen ? "::" : "127.0.0.1");
	const { engine } = await family.run(`${root}/scripts/build.js`);
	const listen = isOpen ? `[::]:${port}` : `localhost:${port}`;
	const places = ["--server-bind", listen, "--web-http-listen", listen, "--web-page", `${root}/page/dist`];
	const access = ["--tls-generate", certificateNames(flags).join(","), "--auth-public", ""];
	family.start("moq-relay", [`${root}/packages/relay/dist/main.js`, ...places, ...access, ...passed]);
	await answering(`http://localhost:${port}/health`);
	const target = ["--url", `http://localhost:${port}/demo`, "--name", "clip.hang"];
	const clip = ["--loop", "--log-level", "error", `${root}/examples/clip.mp4`];
	family.start("moq publish", [`${root}/packages/cli/dist/main.js`, "publish", ...target, ...clip]);
	process.stdout.write(greeting(flags, engine));
}

/** One line and exit code 2 when the port is taken. */
async function checkPort(port, host) {
	const inUse = new FlagError(
		`port ${port} is in use; stop what uses it, or choose another: npm start -- --port ${port + 1000 > 65535 ? 4443 : port + 1000}`,
	);
	const tcp = createServer();
	const udp = createSocket(host === "::" ? "udp6" : "udp4");
	try {
		await new Promise((resolve, reject) => {
			tcp.once("error", reject);
			tcp.listen({ port, host, exclusive: true }, resolve);
		});
		await new Promise((resolve, reject) => {
			udp.once("error", reject);
			udp.bind({ port, address: host, exclusive: true }, resolve);
		});
	} catch (error) {
		// whatever else is wrong with the port, the relay will say better
		if (error.code === "EADDRINUSE") throw inUse;
	} finally {
		tcp.close();
		udp.close();
	}
}

/** Wait until the relay answers; it says by itself why it can't start, and then this process ends with it. */
async function answering(url) {
	for (;;) {
		const answer = await fetch(url).catch(() => undefined);
		if (answer?.ok) return;
		if (family.isEnding) return new Promise(() => {});
		await new Promise((resolve) => setTimeout(resolve, ASK_MS));
	}
}

function greeting(flags, engine) {
	const [first, ...others] = pageAddresses(flags);
	const relay = `http://localhost:${flags.port}/demo`;
	const notes = [
		...others.map((address) => `  or ${address}`),
		...(flags.isOpen ? ["  (the browser warns of the throw-away certificate: accept it once)"] : []),
		...(engine ? [] : ["  (over WebSocket only: the engine is not built)"]),
	];
	return `
Open ${first}
${notes.map((note) => `${note}\n`).join("")}
Then try, in another terminal:
  npx moq subscribe --url ${relay} --name clip.hang --stats
  npx moq announced ${relay}
${flags.isOpen ? "" : "  npm start -- --host          to watch from another machine\n"}Ctrl-C ends everything.
`;
}
