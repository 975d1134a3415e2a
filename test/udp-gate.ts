import { createSocket, type RemoteInfo, type Socket } from "node:dgram";

const LOOPBACK = "127.0.0.1";

/** A firewall before a UDP port of loopback: while shut it swallows every datagram, while open it passes them on both ways. */
export class UdpGate {
	readonly #outside: Socket;
	readonly #inside: number;
	readonly #ways = new Map<string, Socket>();
	/** Whether datagrams pass. */
	isOpen = false;

	constructor(outside: Socket, inside: number) {
		this.#outside = outside;
		this.#inside = inside;
		outside.on("message", (datagram, from) => {
			if (this.isOpen) this.#wayOf(from).send(datagram, this.#inside, LOOPBACK);
		});
	}

	/** Stand before port `inside`, listening on port `outside`; shut at first. */
	static async start(outside: number, inside: number): Promise<UdpGate> {
		return new UdpGate(await boundSocket(outside), inside);
	}

	close(): void {
		for (const socket of [this.#outside, ...this.#ways.values()]) socket.close();
		this.#ways.clear();
	}

	#wayOf({ address, port }: RemoteInfo): Socket {
		const key = `${address} ${port}`;
		const known = this.#ways.get(key);
		if (known !== undefined) return known;
		const way = createSocket("udp4");
		way.on("message", (datagram) => {
			if (this.isOpen) this.#outside.send(datagram, port, address);
		});
		this.#ways.set(key, way);
		return way;
	}
}

/** A UDP socket on a port of loopback. @throws when the port is taken. */
export async function boundSocket(port: number): Promise<Socket> {
	const socket = createSocket("udp4");
	await new Promise<void>((resolve, reject) => {
		socket.once("error", reject);
		socket.bind(port, LOOPBACK, resolve);
	});
	return socket;
}
