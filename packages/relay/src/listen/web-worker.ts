/**
 * The worker of the TCP listeners: TLS, HTTP and WebSocket framing run here, decisions are main's.
 * @module
 */
import type { ServerResponse } from "node:http";
import { parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@moq-relay/client";
import { type Clock, TurnQueue } from "@moq-relay/core";
import { LITE_VERSIONS } from "@moq-relay/wire";
import { WorkerEnd } from "../bridge/worker-end.ts";
import { DoorServer, type DoorSink } from "./door-server.ts";
import type { FromWorker, ToWorker, WebRequest, WorkerStart } from "./doorway.ts";
import { Questions } from "./questions.ts";
import { SocketDoor } from "./socket-door.ts";

const start = workerData as WorkerStart;
const main = parentPort;
if (main === null) throw new TypeError("to be run as a worker");

// Node would print warnings as plain text between the log's lines.
process.removeAllListeners("warning");
process.on("warning", (warning) => say({ say: "fault", message: describe(warning) }));

const say = (message: FromWorker): void => main.postMessage(message);
const fault = (error: unknown): void => say({ say: "fault", message: describe(error) });

/** What is put off and throws is one connection's fault, and no reason for all others to end. */
const clock: Clock = {
	...systemClock,
	after: (delayMs, run) =>
		systemClock.after(delayMs, () => {
			try {
				run();
			} catch (error) {
				fault(error);
			}
		}),
};

const questions = new Questions(say);
const bridge = new WorkerEnd(start.bridge, {
	onCongested: (congested) => sockets.pause(congested),
	onFault: fault,
	onBroken: (error) => {
		throw error;
	},
});
const sockets: SocketDoor = new SocketDoor({
	versions: LITE_VERSIONS.filter((version) => start.versions.includes(version.name)),
	questions,
	bridge,
	clock,
	turns: new TurnQueue(clock),
	onTurnedAway: (why) => say({ say: "turned-away", why }),
	onFault: fault,
});
const doors = start.doors.map((door) => {
	const pairs = door.identities === undefined ? undefined : start.identities[door.identities];
	const sink: DoorSink = {
		onRequest,
		onUpgrade: (request, upgrade) => {
			if (door.webSocket) sockets.upgrade(request, upgrade);
			else upgrade.socket.end(NO_WEBSOCKET, () => upgrade.socket.destroy());
		},
		onTurnedAway: (why) => say({ say: "turned-away", why }),
		onFault: fault,
	};
	const server = new DoorServer(door, { pairs, sink });
	return { door, server };
});

main.on("message", (message: ToWorker) => {
	switch (message.do) {
		case "identities":
			identify(message);
			break;
		case "stop":
			for (const { server } of doors) server.stop();
			break;
		default:
			questions.answer(message);
			break;
	}
});

for (const { door, server } of doors) {
	server.listen(door.port).then(
		(port) => say({ say: "listening", door: door.id, port }),
		(error: NodeJS.ErrnoException) => {
			say({ say: "failed", door: door.id, code: error.code ?? "", message: error.message });
		},
	);
}

function onRequest(request: WebRequest, response: ServerResponse): void {
	if (!METHODS.includes(request.method)) {
		response.writeHead(405, { allow: METHODS.join(", "), connection: "close", "content-length": "0" });
		response.end();
	} else if (!questions.request(request, response)) {
		say({ say: "turned-away", why: "busy" });
		response.writeHead(503, { connection: "close", "content-length": "0" });
		response.end();
	}
}

function identify(message: Extract<ToWorker, { readonly do: "identities" }>): void {
	try {
		for (const { door, server } of doors) if (door.identities === message.set) server.identify(message.pairs);
	} catch (error) {
		fault(error);
	}
}

function describe(error: unknown): string {
	return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

const METHODS = ["GET", "HEAD", "OPTIONS"];
const NO_WEBSOCKET = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
