/**
 * One end of a pair under test: guards its calls and keeps all its events.
 * @module
 */
import type {
	BidiStream,
	Connection,
	ConnectionEnd,
	ConnectionInfo,
	ConnectionSink,
	LanePolicy,
	RecvStream,
} from "@moq-relay/core";
import { Inbox } from "./inbox.ts";
import { LaneProbe } from "./lane-probe.ts";
import { Outbox } from "./outbox.ts";
import type { Trace } from "./trace.ts";

/** Both halves of a bidirectional stream under test. */
export interface Duplex {
	readonly send: Outbox;
	readonly recv: Inbox;
}

/** A connection, and everything that happened on it. */
export class End implements ConnectionSink {
	/** Unidirectional streams that the peer opened, in the order in which they showed up. */
	readonly unis: Inbox[] = [];
	/** Bidirectional streams that the peer opened, likewise. */
	readonly bidis: Duplex[] = [];
	readonly datagrams: Uint8Array[] = [];
	/** Set by `onEnd`. */
	end: ConnectionEnd | undefined = undefined;
	/** Whether streams that the peer opens are read from the start; a check switches it off to withhold credit. */
	reading = true;
	/** Runs in `onUni`, after the stream's sink is set. */
	afterUni: ((inbox: Inbox) => void) | undefined = undefined;
	/** Runs in `onBidi`, after the stream's sinks are set. */
	afterBidi: ((stream: Duplex) => void) | undefined = undefined;
	readonly name: string;
	readonly #trace: Trace;
	#connection: Connection | undefined;
	#opened = 0;

	constructor(name: string, trace: Trace) {
		this.name = name;
		this.#trace = trace;
	}

	/** The connection that this is the sink of; once. */
	attach(connection: Connection): void {
		this.#connection = connection;
	}

	get connection(): Connection {
		if (this.#connection === undefined) throw new Error(`${this.name} is not connected yet`);
		return this.#connection;
	}

	get info(): ConnectionInfo {
		return this.connection.info;
	}

	onUni(stream: RecvStream): void {
		this.#event("onUni", () => {
			const inbox = this.#inbox(`uni from the peer #${this.unis.length}`, this.reading);
			inbox.attach(stream);
			stream.accept(inbox);
			this.unis.push(inbox);
			this.afterUni?.(inbox);
		});
	}

	onBidi(stream: BidiStream): void {
		this.#event("onBidi", () => {
			const name = `bidi from the peer #${this.bidis.length}`;
			const recv = this.#inbox(name, this.reading);
			const send = new Outbox(this.#trace, `${this.name}: ${name}`);
			recv.attach(stream.recv);
			send.attach(stream.send);
			stream.recv.accept(recv);
			stream.onSend(send);
			const duplex = { send, recv };
			this.bidis.push(duplex);
			this.afterBidi?.(duplex);
		});
	}

	onDatagram(payload: Uint8Array): void {
		this.#event("onDatagram", () => this.datagrams.push(payload));
	}

	onEnd(end: ConnectionEnd): void {
		this.#event("onEnd", () => {
			this.end = end;
			this.#trace.over = true;
		});
	}

	/** Undefined when the transport refuses (too many wait, or the connection is over). */
	tryUni(): Outbox | undefined {
		const outbox = new Outbox(this.#trace, `${this.name}: own uni #${this.#opened++}`);
		const send = this.#trace.call("openUni", () => this.connection.openUni(outbox));
		if (send === undefined) return undefined;
		outbox.attach(send);
		return outbox;
	}

	/** @throws Error when the transport refuses. */
	openUni(): Outbox {
		const outbox = this.tryUni();
		if (outbox === undefined) throw new Error(`${this.name}: openUni gave no stream`);
		return outbox;
	}

	/** Undefined when the transport refuses. */
	tryBidi(): Duplex | undefined {
		const name = `own bidi #${this.#opened++}`;
		const recv = this.#inbox(name, true);
		const send = new Outbox(this.#trace, `${this.name}: ${name}`);
		const handle = this.#trace.call("openBidi", () => this.connection.openBidi(recv, send));
		if (handle === undefined) return undefined;
		recv.attach(handle.recv);
		send.attach(handle.send);
		return { send, recv };
	}

	/** @throws Error when the transport refuses. */
	openBidi(): Duplex {
		const stream = this.tryBidi();
		if (stream === undefined) throw new Error(`${this.name}: openBidi gave no stream`);
		return stream;
	}

	lane(policy: LanePolicy): LaneProbe {
		const probe = new LaneProbe(this.#trace);
		probe.attach(this.#trace.call("lane", () => this.connection.lane(policy, probe)));
		return probe;
	}

	close(code: number, reason: string): void {
		this.#trace.call("close", () => this.connection.close(code, reason));
	}

	#inbox(name: string, reading: boolean): Inbox {
		return new Inbox(this.#trace, `${this.name}: ${name}`, reading);
	}

	#event(name: string, run: () => void): void {
		this.#trace.event(`${this.name}: ${name}`, run);
	}
}
