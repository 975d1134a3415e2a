/**
 * How a session begins: which version, which path, what the peer may do.
 * @module
 */
import {
	Code,
	decodeSetup,
	encodeSetup,
	LITE_VERSIONS,
	type LiteVersion,
	Malformed,
	openStream,
	SETUP_EMPTY,
	type Setup,
	UniType,
	versionOfProtocol,
} from "@moq-relay/wire";
import type { BidiStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { SessionError } from "./error.ts";
import type { Authorise, Grant, Refusal } from "./grant.ts";
import { InBandSetup } from "./in-band-setup.ts";
import { canMeasure } from "./probe-serving.ts";

/** What a handshake needs from its session. */
export interface HandshakeOptions {
	readonly authorise: Authorise;
	/** Client only: path and query to tell, where the connection carries none. */
	readonly path: string | undefined;
	/** Names of the versions that an in-band SETUP may choose; undefined: all of them. */
	readonly versions: readonly string[] | undefined;
	/** The version is known; the grant is not. */
	readonly onVersion: (version: LiteVersion) => void;
	/** Everything is known. */
	readonly onReady: (grant: Grant) => void;
}

/** Runs until `onReady`, or until it fails the session. */
export class Handshake {
	readonly #context: SessionContext;
	readonly #options: HandshakeOptions;
	#inBand: InBandSetup | undefined;
	#peerSetup: Setup | undefined;
	#grant: Grant | undefined;
	#asked = false;
	#over = false;
	#cancelTimer: (() => void) | undefined;
	#cancelAsk: (() => void) | undefined;

	constructor(context: SessionContext, options: HandshakeOptions) {
		this.#context = context;
		this.#options = options;
	}

	/** What the peer said of itself; undefined before its SETUP, and without one. */
	get peerSetup(): Setup | undefined {
		return this.#peerSetup;
	}

	/** Say what we have to say first. May fail the session at once. */
	start(): void {
		const { clock, connection, limits } = this.#context;
		this.#cancelTimer = clock.after(limits.setupMs, () => this.#expire());
		const version = versionOfProtocol(connection.info.protocol);
		if (version === undefined) {
			this.#context.fail(new SessionError(Code.UnknownAlpn, `unknown protocol ${connection.info.protocol}`));
			return;
		}
		if (version === "setup") {
			this.#startInBand();
			return;
		}
		this.#options.onVersion(version);
		if (version.setup === "streams") this.#sendSetup();
		// In a turn of its own: the owner does not have its session yet.
		if (!this.#awaitsPath()) this.#cancelAsk = clock.after(0, () => this.#ask(connection.info.path));
	}

	/** True when the stream is the one of an in-band SETUP. */
	takes(bidi: BidiStream): boolean {
		const inBand = this.#inBand;
		if (inBand === undefined || inBand.begun || !this.#context.connection.info.server) return false;
		inBand.accept(bidi);
		return true;
	}

	/** The peer's SETUP message. @throws SessionError: there is nothing smaller that it could end. */
	onSetup(body: Uint8Array): void {
		if (this.#peerSetup !== undefined) throw new SessionError(Code.ProtocolViolation, "a second SETUP");
		this.#peerSetup = parseSetup(body);
		const { info } = this.#context.connection;
		if (this.#peerSetup.path !== undefined && (!info.server || info.path !== undefined)) {
			throw new SessionError(Code.ProtocolViolation, "a path in SETUP where none belongs");
		}
		if (this.#awaitsPath()) this.#ask(this.#peerSetup.path ?? "");
		this.#complete();
	}

	/** The session is over. */
	close(): void {
		this.#over = true;
		this.#cancelTimer?.();
		this.#cancelAsk?.();
	}

	/** On raw QUIC the path comes with the client's SETUP, where the version has one. */
	#awaitsPath(): boolean {
		return this.#awaitsSetup() && this.#context.connection.info.path === undefined;
	}

	/** A server serves nobody whose SETUP has not come; a client need not wait. */
	#awaitsSetup(): boolean {
		return this.#context.connection.info.server && this.#context.version.setup === "streams";
	}

	#startInBand(): void {
		const { versions, path } = this.#options;
		const allowed = LITE_VERSIONS.filter(
			({ name, setup }) => setup === "in-band" && (versions?.includes(name) ?? true),
		);
		const { info } = this.#context.connection;
		this.#inBand = new InBandSetup(this.#context, {
			versions: allowed,
			path: info.path === undefined ? path : undefined,
			onAgreed: (version, told) => {
				this.#options.onVersion(version);
				this.#ask(info.path ?? told);
			},
		});
		if (!info.server) this.#inBand.offer();
	}

	#sendSetup(): void {
		const { connection, origin } = this.#context;
		const { server, path } = connection.info;
		const told = server || path !== undefined ? undefined : this.#options.path;
		const probe = canMeasure(connection.info) ? "report" : "none";
		const setup: Setup = { ...SETUP_EMPTY, probe, path: told, origin: origin.id };
		const stream = connection.openUni();
		stream?.write(openStream(UniType.Setup, encodeSetup(setup)));
		stream?.finish();
	}

	#ask(path: string | undefined): void {
		this.#asked = true;
		this.#options.authorise(path, (outcome) => this.#decide(outcome));
	}

	#decide(outcome: Grant | Refusal): void {
		if (this.#over || this.#grant !== undefined) return;
		if ("code" in outcome) {
			this.#context.fail(new SessionError(outcome.code, outcome.reason));
			return;
		}
		this.#grant = outcome;
		try {
			this.#complete();
		} catch (thrown) {
			this.#context.fail(SessionError.from(thrown));
		}
	}

	#complete(): void {
		const grant = this.#grant;
		if (this.#over || grant === undefined) return;
		if (this.#awaitsSetup()) {
			if (this.#peerSetup === undefined) return;
			checkRole(this.#peerSetup, grant);
		}
		if (grant.publish.length === 0 && grant.subscribe.length === 0) {
			throw new SessionError(Code.Unauthorized, "nothing is allowed here");
		}
		this.close();
		this.#options.onReady(grant);
	}

	#expire(): void {
		const reason = this.#asked && this.#grant === undefined ? "authorisation took too long" : "no SETUP";
		this.#context.fail(new SessionError(Code.Timeout, reason));
	}
}

function parseSetup(body: Uint8Array): Setup {
	try {
		return decodeSetup(body);
	} catch (thrown) {
		if (!(thrown instanceof Malformed)) throw thrown;
		throw new SessionError(thrown.code, `SETUP: ${thrown.message}`, { cause: thrown });
	}
}

/** A client that says what it is here for learns at once that it may not, instead of waiting for nothing. */
function checkRole(setup: Setup, grant: Grant): void {
	if (setup.role === "publisher" && grant.publish.length === 0) {
		throw new SessionError(Code.Unauthorized, "publishing not allowed");
	}
	if (setup.role === "subscriber" && grant.subscribe.length === 0) {
		throw new SessionError(Code.Unauthorized, "subscribing not allowed");
	}
}
