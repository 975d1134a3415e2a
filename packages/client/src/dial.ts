/**
 * One connection to a relay, by whatever its URL asks for and the network lets through.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import { Engine } from "@moq-relay/engine";
import { LITE_VERSIONS } from "@moq-relay/wire";
import { DialError } from "./dial-error.ts";
import type { DialOptions, DialTls } from "./dial-options.ts";
import { dialQuic, type QuicAttempt, sharedEngine } from "./dial-quic.ts";
import { type DialTarget, parseDialUrl } from "./dial-target.ts";
import { dialWebSocket } from "./dial-web-socket.ts";
import { fetchFingerprint } from "./fingerprint.ts";
import { DIAL_MS_MAX, QUIC_GRACE_MS, WEBSOCKET_DELAY_MS } from "./limits.ts";
import { raceWithHeadStart } from "./race.ts";
import { systemClock } from "./system-clock.ts";

/**
 * Dial. `https:` is WebTransport with WebSocket close behind; `http:` the same after asking for the certificate's
 * fingerprint, WebSocket then without TLS; `wss:` and `ws:` WebSocket; `moqt:` and `moql:` raw QUIC. Give the connection
 * its sink in the turn in which the promise settles.
 * @throws DialError
 */
export async function dial(url: URL, options: DialOptions = {}): Promise<Connection> {
	const target = parseDialUrl(url);
	const timeoutMs = options.timeoutMs ?? DIAL_MS_MAX;
	const timeout = AbortSignal.timeout(timeoutMs);
	const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
	const dialling = new Dialling(url.protocol, target, { options, timeoutMs, signal });
	return dialling.connect();
}

interface Frame {
	readonly options: DialOptions;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

class Dialling {
	readonly #scheme: string;
	readonly #target: DialTarget;
	readonly #frame: Frame;

	constructor(scheme: string, target: DialTarget, frame: Frame) {
		this.#scheme = scheme;
		this.#target = target;
		this.#frame = frame;
	}

	async connect(): Promise<Connection> {
		const { tls = {} } = this.#frame.options;
		switch (this.#scheme) {
			case "moqt:":
			case "moql:":
				return this.#quic("quic", tls, this.#frame.signal);
			case "wss:":
				return this.#webSocket(true, tls, this.#frame.signal);
			case "ws:":
				return this.#webSocket(false, tls, this.#frame.signal);
			case "http:":
				return this.#pinned(tls);
			default:
				return this.#raced(true, tls);
		}
	}

	/** `http:`: the certificate is whichever the server says in clear; for development, as the reference has it. */
	async #pinned(tls: DialTls): Promise<Connection> {
		if (typeof this.#engine() === "string") return this.#webSocket(false, tls, this.#frame.signal);
		const fingerprint = await fetchFingerprint(this.#target, this.#frame.signal);
		if (fingerprint === undefined) return this.#webSocket(false, tls, this.#frame.signal);
		return this.#raced(false, { ...tls, fingerprints: [fingerprint] });
	}

	/** WebTransport, and after its head start WebSocket too; the first to stand wins. */
	async #raced(secure: boolean, tls: DialTls): Promise<Connection> {
		const { webSocket = {} } = this.#frame.options;
		const { enabled = true, delayMs = WEBSOCKET_DELAY_MS } = webSocket;
		const hasEngine = typeof this.#engine() !== "string";
		if (!hasEngine && enabled) return this.#webSocket(secure, tls, this.#frame.signal);
		if (!enabled) return this.#quic("webtransport", tls, this.#frame.signal);
		return raceWithHeadStart({
			first: (signal) => this.#quic("webtransport", tls, signal),
			second: (signal) => this.#webSocket(secure, tls, signal),
			headStartMs: delayMs,
			graceMs: QUIC_GRACE_MS,
			signal: this.#frame.signal,
		});
	}

	#quic(kind: QuicAttempt["kind"], tls: DialTls, signal: AbortSignal): Promise<Connection> {
		const engine = this.#engine();
		if (typeof engine === "string") {
			return Promise.reject(new DialError("protocol", `QUIC is not available: ${engine}`));
		}
		const { options, timeoutMs } = this.#frame;
		const versions = options.versions ?? LITE_VERSIONS;
		return dialQuic({ engine, target: this.#target, kind, tls, versions, options, timeoutMs, signal });
	}

	#webSocket(secure: boolean, tls: DialTls, signal: AbortSignal): Promise<Connection> {
		const { options, timeoutMs } = this.#frame;
		return dialWebSocket({
			target: this.#target,
			secure,
			tls,
			versions: options.versions ?? LITE_VERSIONS,
			authorization: options.authorization,
			clock: options.clock ?? systemClock,
			signal,
			timeoutMs,
			idleMs: options.webSocket?.idleMs,
		});
	}

	#engine(): Engine | string {
		const { engine } = this.#frame.options;
		if (engine === null) return "it is switched off";
		return engine ?? sharedEngine();
	}
}
