/**
 * A TCP or TLS socket that says whatever it likes.
 * @module
 */
import { once } from "node:events";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ATTACKER } from "./target.ts";
import { until } from "./until.ts";

/** Where a socket comes from and how it speaks. */
export interface RawOptions {
	readonly tls?: boolean;
	/** Default: the attackers' address. */
	readonly from?: string;
	/** Do not read what comes. */
	readonly deaf?: boolean;
}

/** One socket, and everything it has heard. */
export class RawSocket implements Disposable {
	readonly socket: Socket;
	#heard: Buffer = Buffer.alloc(0);
	#closed = false;

	private constructor(socket: Socket, deaf: boolean) {
		this.socket = socket;
		socket.on("error", () => {}); // the relay may reset it at any time, which is what these tests are about
		socket.on("close", () => {
			this.#closed = true;
		});
		if (deaf) socket.pause();
		else socket.on("data", (chunk) => this.#hear(chunk));
	}

	/** Connect; resolves when TCP (and TLS) stand. */
	static async open(port: number, { tls = false, from = ATTACKER, deaf = false }: RawOptions = {}): Promise<RawSocket> {
		const tcp = connectTcp({ host: "127.0.0.1", port, localAddress: from, noDelay: true });
		await once(tcp, "connect");
		if (!tls) return new RawSocket(tcp, deaf);
		const secure = connectTls({ socket: tcp, servername: "localhost", rejectUnauthorized: false });
		await once(secure, "secureConnect");
		return new RawSocket(secure, deaf);
	}

	/** All that came, one character per byte. */
	get text(): string {
		return this.#heard.toString("latin1");
	}

	get heard(): Buffer {
		return this.#heard;
	}

	get closed(): boolean {
		return this.#closed;
	}

	/** Say it, and wait until the kernel has it or the relay has closed. */
	async send(data: string | Uint8Array): Promise<void> {
		if (this.#closed || this.socket.destroyed) return;
		await new Promise<void>((resolve) => this.socket.write(data, () => resolve()));
	}

	/** Resolves when the relay has closed it. */
	async whenClosed(): Promise<void> {
		if (!this.#closed) await once(this.socket, "close");
	}

	/** Wait until it has heard something. */
	async hears(pattern: RegExp): Promise<string> {
		await until(
			() => pattern.test(this.text) || this.#closed,
			() => `${pattern} was not heard, but ${JSON.stringify(this.text.slice(0, 300))}`,
		);
		return this.text;
	}

	[Symbol.dispose](): void {
		this.socket.destroy();
	}

	#hear(chunk: Buffer): void {
		// What floods back is of no interest beyond its beginning.
		if (this.#heard.byteLength < HEARD_MAX) this.#heard = Buffer.concat([this.#heard, chunk]);
	}
}

const HEARD_MAX = 1024 * 1024;
