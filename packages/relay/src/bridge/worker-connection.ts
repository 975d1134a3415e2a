/**
 * A worker's end of one bridged connection: carries commands out on the real one, and reports its events.
 * @module
 */
import type {
	BidiStream,
	Connection,
	ConnectionEnd,
	ConnectionSink,
	Lane,
	LanePolicy,
	RecvSink,
	RecvStream,
	SendSink,
	SendStream,
	Tape,
} from "@moq-relay/core";
import type { Channel } from "./channel.ts";
import { DROP_REASONS, ENDED_BY, Event } from "./op.ts";
import { StreamTable } from "./stream-table.ts";

interface Halves {
	readonly send: SendStream | undefined;
	readonly recv: Pick<RecvStream, "consumed" | "stop"> | undefined;
	sendOver: boolean;
	recvOver: boolean;
	/** Bytes reported that main has not returned the credit of. */
	unconsumed: number;
	retired: boolean;
	/** Ends the watch on a tape that the sending half plays. */
	unfollow: () => void;
}

/** One real connection and its numbers on the bridge. */
export class WorkerConnection implements ConnectionSink {
	readonly #id: number;
	readonly #connection: Connection;
	readonly #channel: Channel;
	readonly #onEnded: () => void;
	readonly #streams = new StreamTable<Halves>();
	readonly #lanes = new Map<number, Lane>();
	#nextStream = 0;
	#datagramBytesMax: number;

	constructor(connection: Connection, options: { id: number; channel: Channel; onEnded: () => void }) {
		this.#id = options.id;
		this.#connection = connection;
		this.#channel = options.channel;
		this.#onEnded = options.onEnded;
		this.#datagramBytesMax = connection.info.datagramBytesMax;
	}

	onBidi(stream: BidiStream): void {
		this.refresh();
		const id = this.#add(stream.send, stream.recv);
		this.#channel.out.begin(Event.Bidi, this.#id, id);
		stream.onSend(this.#sendSink(id));
		stream.recv.accept(this.#recvSink(id));
	}

	onUni(stream: RecvStream): void {
		this.refresh();
		const id = this.#add(undefined, stream);
		this.#channel.out.begin(Event.Uni, this.#id, id);
		stream.accept(this.#recvSink(id));
	}

	onDatagram(payload: Uint8Array): void {
		this.#channel.out.begin(Event.Datagram, this.#id);
		this.#channel.out.chunk(payload);
	}

	onEnd(end: ConnectionEnd): void {
		this.#streams.clear();
		this.#lanes.clear();
		// Totals want the last figures.
		this.reportStats();
		this.#channel.out.begin(Event.End, this.#id, end.code, ENDED_BY.indexOf(end.by));
		this.#channel.out.text(end.reason);
		this.#onEnded();
	}

	openBidi(id: number): void {
		const handle = this.#connection.openBidi(this.#recvSink(id), this.#sendSink(id));
		if (handle === undefined) this.#channel.out.begin(Event.Refused, this.#id, id);
		else this.#streams.set(id, halvesOf(handle.send, handle.recv));
	}

	openUni(id: number): void {
		const send = this.#connection.openUni(this.#sendSink(id));
		if (send === undefined) this.#channel.out.begin(Event.Refused, this.#id, id);
		else this.#streams.set(id, halvesOf(send, undefined));
	}

	write(id: number, bytes: Uint8Array): void {
		const room = this.#streams.get(id)?.send?.write(bytes) ?? true;
		if (!room) this.#channel.out.begin(Event.Full, this.#id, id);
	}

	streamPlay(id: number, tape: Tape): void {
		const halves = this.#streams.get(id);
		if (halves?.send === undefined) return;
		halves.send.play(tape);
		const ended = (): void => this.#sendEnded(id);
		if (tape.state !== "open") ended();
		else halves.unfollow = tape.attach({ append: () => {}, finish: ended, abort: ended, evict: ended });
	}

	finish(id: number): void {
		this.#streams.get(id)?.send?.finish();
		this.#sendEnded(id);
	}

	reset(id: number, code: number): void {
		this.#streams.get(id)?.send?.reset(code);
		this.#sendEnded(id);
	}

	prioritise(id: number, priority: number): void {
		this.#streams.get(id)?.send?.prioritise(priority);
	}

	consumed(id: number, bytes: number): void {
		const halves = this.#streams.get(id);
		if (halves === undefined) return;
		halves.unconsumed -= bytes;
		halves.recv?.consumed(bytes);
		this.#settle(id, halves);
	}

	stop(id: number, code: number): void {
		this.#streams.get(id)?.recv?.stop(code);
		this.#recvEnded(id);
	}

	lane(id: number, policy: LanePolicy): void {
		const lane = this.#connection.lane(policy, {
			onDropped: (tags, reason) => {
				this.#channel.out.begin(Event.Dropped, this.#id, id, DROP_REASONS.indexOf(reason), tags.length);
				for (const tag of tags) this.#channel.out.number(tag);
			},
			onDrained: () => {
				this.#lanes.delete(id);
				this.#channel.out.begin(Event.Drained, this.#id, id);
			},
		});
		this.#lanes.set(id, lane);
	}

	laneUpdate(id: number, policy: LanePolicy): void {
		this.#lanes.get(id)?.update(policy);
	}

	laneClose(id: number, code: number | undefined): void {
		this.#lanes.get(id)?.close(code);
		// Without a code it stays until it has drained.
		if (code !== undefined) this.#lanes.delete(id);
	}

	lanePlay(id: number, tape: Tape | undefined, stream: { readonly tag: number; readonly header: Uint8Array }): void {
		if (tape !== undefined) {
			this.#lanes.get(id)?.play(tape, stream.header, stream.tag);
			return;
		}
		// Main gave the tape up between two commands: the worker was too far behind.
		this.#channel.out.begin(Event.Dropped, this.#id, id, DROP_REASONS.indexOf("budget"), 1);
		this.#channel.out.number(stream.tag);
	}

	laneDatagram(id: number, payload: Uint8Array): void {
		this.#lanes.get(id)?.datagram(payload);
	}

	reportStats(): void {
		const stats = this.#connection.stats();
		this.#channel.out.begin(Event.Stats, this.#id, stats.rttMs, stats.bitrate, stats.bytesSent, stats.bytesReceived);
		for (const value of [stats.packetsSent, stats.packetsLost, stats.congestionWindowBytes]) {
			this.#channel.out.number(value);
		}
	}

	close(code: number, reason: string): void {
		this.#connection.close(code, reason);
	}

	/** Report what the connection has learned of its peer since it began. */
	refresh(): void {
		if (this.#datagramBytesMax > 0) return;
		const { datagramBytesMax } = this.#connection.info;
		if (datagramBytesMax === 0) return;
		this.#datagramBytesMax = datagramBytesMax;
		this.#channel.out.begin(Event.Datagrams, this.#id, datagramBytesMax);
	}

	#add(send: SendStream | undefined, recv: RecvStream): number {
		const id = this.#nextStream;
		this.#nextStream += 2;
		this.#streams.set(id, halvesOf(send, recv));
		return id;
	}

	#sendSink(id: number): SendSink {
		return {
			onStop: (code) => {
				this.#channel.out.begin(Event.Stop, this.#id, id, code);
				this.#sendEnded(id);
			},
		};
	}

	#recvSink(id: number): RecvSink {
		return {
			onData: (chunk, fin) => {
				this.#channel.out.begin(Event.Data, this.#id, id, fin ? 1 : 0);
				this.#channel.out.chunk(chunk);
				const halves = this.#streams.get(id);
				if (halves !== undefined) halves.unconsumed += chunk.byteLength;
				if (fin) this.#recvEnded(id);
			},
			onReset: (code) => {
				this.#channel.out.begin(Event.Reset, this.#id, id, code);
				this.#recvEnded(id);
			},
		};
	}

	#sendEnded(id: number): void {
		const halves = this.#streams.get(id);
		if (halves === undefined) return;
		halves.sendOver = true;
		halves.unfollow();
		this.#settle(id, halves);
	}

	#recvEnded(id: number): void {
		const halves = this.#streams.get(id);
		if (halves === undefined) return;
		halves.recvOver = true;
		this.#settle(id, halves);
	}

	#settle(id: number, halves: Halves): void {
		if (halves.retired || !halves.sendOver || !halves.recvOver || halves.unconsumed > 0) return;
		halves.retired = true;
		this.#streams.retire(id);
	}
}

function halvesOf(send: SendStream | undefined, recv: Halves["recv"]): Halves {
	return {
		send,
		recv,
		sendOver: send === undefined,
		recvOver: recv === undefined,
		unconsumed: 0,
		retired: false,
		unfollow: () => {},
	};
}
