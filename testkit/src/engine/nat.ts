/**
 * What stands between a client and a server on loopback, and changes what they see of each other.
 * @module
 */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";

/** A NAT for one client: the server sees a port of its own, which may change, and so may the server. */
export class Nat implements Disposable {
	/** Where the client finds it. */
	readonly port: number;
	/** Port of the server; what the client sends from now on goes there. */
	target: number;
	readonly #inside: Socket;
	#outside: Socket;
	#client: RemoteInfo | undefined;

	private constructor(inside: Socket, outside: Socket, target: number) {
		this.#inside = inside;
		this.#outside = outside;
		this.target = target;
		this.port = inside.address().port;
		inside.on("message", (packet, from) => {
			this.#client = from;
			this.#outside.send(packet, this.target, "127.0.0.1");
		});
		this.#listen();
	}

	/** Stand before a port of 127.0.0.1. */
	static async between(target: number): Promise<Nat> {
		return new Nat(await bound(), await bound(), target);
	}

	/** Let the server see another port. */
	async rebind(): Promise<void> {
		this.#outside.close();
		this.#outside = await bound();
		this.#listen();
	}

	[Symbol.dispose](): void {
		this.#inside.close();
		this.#outside.close();
	}

	#listen(): void {
		this.#outside.on("message", (packet) => {
			if (this.#client !== undefined) this.#inside.send(packet, this.#client.port, this.#client.address);
		});
	}
}

async function bound(): Promise<Socket> {
	const socket = createSocket("udp4").bind(0, "127.0.0.1");
	await once(socket, "listening");
	return socket;
}
