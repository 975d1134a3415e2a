/** Ports that a relay finds free again in its next life. */
import { createServer } from "node:net";
import { boundSocket } from "../udp-gate.ts";

/** A port of loopback that is free for UDP and TCP, and below those that the system gives to sockets without one. */
export async function lastingPort(): Promise<number> {
	for (;;) {
		const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
		const socket = await boundSocket(port).catch(() => undefined); // taken: another one
		if (socket === undefined) continue;
		await new Promise<void>((resolve) => socket.close(() => resolve()));
		const server = createServer();
		const isFree = await new Promise<boolean>((resolve) => {
			server.once("error", () => resolve(false));
			server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
		});
		if (isFree) return port;
	}
}

const FIRST = 15_000;
const LAST = 32_000;
