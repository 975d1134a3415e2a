/**
 * The SETUP of moq-lite 01 and 02: one message each way on the first bidirectional stream, then SESSION_INFO on it.
 * @module
 */
import {
	CLIENT_SETUP,
	Code,
	decodeClientSetup,
	decodeServerSetup,
	decodeSessionInfo,
	encodeClientSetup,
	encodeServerSetup,
	type LiteVersion,
	MessageReader,
	pickSetupVersion,
	SERVER_SETUP,
	type SetupParameters,
} from "@moq-relay/wire";
import type { BidiStream, RecvSink, RecvStream, SendSink, SendStream } from "../transport.ts";
import type { SessionContext } from "./context.ts";
import { SessionError } from "./error.ts";
import { SESSION_INFO_BYTES_MAX } from "./limits.ts";
import { takeMessage } from "./message-stream.ts";

/** What such a SETUP needs. */
export interface InBandOptions {
	/** Versions that we offer or accept, in our order. */
	readonly versions: readonly LiteVersion[];
	/** Client only: path and query to tell, where the connection carries none. */
	readonly path: string | undefined;
	/** The version is agreed; `path` is what the client told. */
	readonly onAgreed: (version: LiteVersion, path: string | undefined) => void;
}

/** The stream that begins and, with its end, ends the session. What is wrong on it ends the session too. */
export class InBandSetup implements RecvSink, SendSink {
	readonly #context: SessionContext;
	readonly #options: InBandOptions;
	readonly #reader: MessageReader = new MessageReader();
	#send: SendStream | undefined;
	#recv: Pick<RecvStream, "consumed"> | undefined;
	#agreed = false;

	constructor(context: SessionContext, options: InBandOptions) {
		this.#context = context;
		this.#options = options;
	}

	/** Server: whether the peer has begun. */
	get begun(): boolean {
		return this.#recv !== undefined;
	}

	/** Server: the client's first stream. */
	accept(bidi: BidiStream): void {
		this.#send = bidi.send;
		this.#recv = bidi.recv;
		bidi.recv.accept(this);
		bidi.onSend(this);
	}

	/** Client: open the stream and offer our versions. */
	offer(): void {
		const handle = this.#context.connection.openBidi(this, this);
		if (handle === undefined) return;
		this.#send = handle.send;
		this.#recv = handle.recv;
		const { versions, path } = this.#options;
		const parameters: SetupParameters = path === undefined ? {} : { path };
		this.#send.write(encodeClientSetup({ versions: versions.map(({ code }) => code), parameters }));
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		this.#recv?.consumed(chunk.length);
		if (this.#context.over) return;
		try {
			this.#reader.push(chunk);
			if (!this.#agreed) this.#readSetup();
			if (this.#agreed) this.#readInfo();
			if (fin) this.#close();
		} catch (thrown) {
			this.#context.fail(SessionError.from(thrown));
		}
	}

	onReset(): void {
		this.#close();
	}

	onStop(): void {
		this.#close();
	}

	#readSetup(): void {
		const message = this.#reader.setup();
		if (message === undefined) return;
		takeMessage(this.#context);
		if (message.type !== (this.#context.connection.info.server ? CLIENT_SETUP : SERVER_SETUP)) {
			throw new SessionError(Code.UnexpectedMessage, `message of type ${message.type} for a SETUP`);
		}
		if (this.#context.connection.info.server) this.#answer(message.body);
		else this.#conclude(message.body);
	}

	#answer(body: Uint8Array): void {
		const { versions, parameters } = decodeClientSetup(body);
		const version = pickSetupVersion(versions, this.#options.versions);
		if (version === undefined) throw new SessionError(Code.Version, "no common version");
		this.#send?.write(encodeServerSetup({ version: version.code, parameters: {} }));
		this.#agree(version, parameters.path);
	}

	#conclude(body: Uint8Array): void {
		const { version: code } = decodeServerSetup(body);
		const version = this.#options.versions.find((candidate) => candidate.code === code);
		if (version === undefined) throw new SessionError(Code.Version, "server chose a version that was not offered");
		this.#agree(version, this.#options.path);
	}

	#agree(version: LiteVersion, path: string | undefined): void {
		this.#agreed = true;
		this.#options.onAgreed(version, path);
	}

	#readInfo(): void {
		for (;;) {
			const body = this.#reader.message(SESSION_INFO_BYTES_MAX);
			if (body === undefined) return;
			takeMessage(this.#context);
			const { bitrate } = decodeSessionInfo(body);
			this.#context.sink.onProbe?.({ bitrate: bitrate === 0 ? undefined : bitrate, rttMs: undefined });
		}
	}

	/** An error before there is a session, a plain end afterwards. */
	#close(): void {
		const code = this.#agreed ? Code.Cancel : Code.Closed;
		this.#context.fail(new SessionError(code, "session stream closed"));
	}
}
