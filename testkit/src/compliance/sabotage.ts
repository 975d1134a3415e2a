/**
 * Transports that are broken on purpose: the negative controls of the suite.
 * @module
 */
import type {
	BidiHandle,
	BidiStream,
	Connection,
	ConnectionSink,
	LanePolicy,
	LaneSink,
	RecvSink,
	RecvStream,
	SendSink,
	SendStream,
	Tape,
} from "@moq-relay/core";
import type { PairRequest, TransportFactory } from "./factory.ts";

/** What a saboteur may get its hands on; each default passes the thing on untouched. */
export interface Sabotage {
	readonly onData?: (deliver: RecvSink["onData"], chunk: Uint8Array, fin: boolean) => void;
	/** Replaces the sink of a stream that the peer opened. */
	readonly accept?: (recv: RecvCalls, sink: RecvSink) => RecvSink;
	readonly onReset?: (deliver: RecvSink["onReset"], code: number) => void;
	readonly onStop?: (deliver: SendSink["onStop"], code: number) => void;
	readonly onDropped?: (deliver: LaneSink["onDropped"], tags: readonly number[]) => void;
	readonly onDrained?: (deliver: () => void) => void;
	readonly onEnd?: (deliver: ConnectionSink["onEnd"], end: Parameters<ConnectionSink["onEnd"]>[0]) => void;
	readonly consumed?: (recv: RecvCalls, bytes: number) => void;
	readonly write?: (send: SendStream, bytes: Uint8Array) => boolean;
	readonly finish?: (send: SendStream) => void;
	readonly reset?: (send: SendStream, code: number) => void;
	readonly stop?: (recv: RecvCalls, code: number) => void;
	readonly play?: (lane: LaneCalls, tape: Tape, rest: { readonly header: Uint8Array; readonly tag: number }) => void;
	readonly update?: (lane: LaneCalls, policy: LanePolicy) => void;
	readonly closeLane?: (lane: LaneCalls, code: number | undefined) => void;
	readonly datagram?: (lane: LaneCalls, payload: Uint8Array) => void;
	readonly close?: (connection: Connection, code: number, reason: string) => void;
}

type RecvCalls = Pick<RecvStream, "consumed" | "stop">;
type LaneCalls = ReturnType<Connection["lane"]>;

/** The factory's transport with everything passing through a saboteur's hands; `make` gives a fresh one for each pair. */
export function sabotaged(factory: TransportFactory, make: () => Sabotage): TransportFactory {
	return {
		without: factory.without,
		streamsMax: factory.streamsMax,
		connect: async (request) => {
			const sabotage = make();
			const sinks: PairRequest = {
				seed: request.seed,
				client: wrapConnectionSink(request.client, sabotage),
				server: wrapConnectionSink(request.server, sabotage),
			};
			const pair = await factory.connect(sinks);
			return {
				client: wrapConnection(pair.client, sabotage),
				server: wrapConnection(pair.server, sabotage),
				settle: (until) => pair.settle(until),
				dispose: () => pair.dispose(),
			};
		},
	};
}

function wrapConnectionSink(sink: ConnectionSink, sabotage: Sabotage): ConnectionSink {
	return {
		onUni: (stream) => sink.onUni(wrapRecv(stream, sabotage)),
		onBidi: (stream) => sink.onBidi(wrapBidi(stream, sabotage)),
		onDatagram: (payload) => sink.onDatagram(payload),
		onEnd: (end) => {
			const deliver: ConnectionSink["onEnd"] = (what) => sink.onEnd(what);
			if (sabotage.onEnd === undefined) deliver(end);
			else sabotage.onEnd(deliver, end);
		},
	};
}

function wrapBidi(stream: BidiStream, sabotage: Sabotage): BidiStream {
	return {
		send: wrapSend(stream.send, sabotage),
		recv: wrapRecv(stream.recv, sabotage),
		onSend: (sink) => stream.onSend(wrapSendSink(sink, sabotage)),
	};
}

function wrapConnection(connection: Connection, sabotage: Sabotage): Connection {
	return {
		info: connection.info,
		accept: (sink) => connection.accept(sink),
		openBidi: (recv, send) => {
			const handle = connection.openBidi(wrapRecvSink(recv, sabotage), send && wrapSendSink(send, sabotage));
			return handle && wrapHandle(handle, sabotage);
		},
		openUni: (send) => {
			const stream = connection.openUni(send && wrapSendSink(send, sabotage));
			return stream && wrapSend(stream, sabotage);
		},
		lane: (policy, sink) => wrapLane(connection.lane(policy, wrapLaneSink(sink, sabotage)), sabotage),
		stats: () => connection.stats(),
		close: (code, reason) => {
			if (sabotage.close === undefined) connection.close(code, reason);
			else sabotage.close(connection, code, reason);
		},
	};
}

function wrapHandle(handle: BidiHandle, sabotage: Sabotage): BidiHandle {
	return { send: wrapSend(handle.send, sabotage), recv: wrapRecvCalls(handle.recv, sabotage) };
}

function wrapRecv(stream: RecvStream, sabotage: Sabotage): RecvStream {
	return {
		...wrapRecvCalls(stream, sabotage),
		accept: (sink) => {
			const wrapped = wrapRecvSink(sink, sabotage);
			stream.accept(sabotage.accept?.(stream, wrapped) ?? wrapped);
		},
	};
}

function wrapRecvCalls(recv: RecvCalls, sabotage: Sabotage): RecvCalls {
	return {
		consumed: (bytes) => (sabotage.consumed === undefined ? recv.consumed(bytes) : sabotage.consumed(recv, bytes)),
		stop: (code) => (sabotage.stop === undefined ? recv.stop(code) : sabotage.stop(recv, code)),
	};
}

function wrapRecvSink(sink: RecvSink, sabotage: Sabotage): RecvSink {
	const deliver = {
		onData: (chunk: Uint8Array, fin: boolean): void => sink.onData(chunk, fin),
		onReset: (code: number): void => sink.onReset(code),
	};
	return {
		onData: (chunk, fin) => (sabotage.onData ?? passData)(deliver.onData, chunk, fin),
		onReset: (code) => (sabotage.onReset ?? passCode)(deliver.onReset, code),
	};
}

function wrapSendSink(sink: SendSink, sabotage: Sabotage): SendSink {
	return { onStop: (code) => (sabotage.onStop ?? passCode)((what) => sink.onStop(what), code) };
}

function wrapSend(send: SendStream, sabotage: Sabotage): SendStream {
	return {
		write: (bytes) => (sabotage.write === undefined ? send.write(bytes) : sabotage.write(send, bytes)),
		play: (tape) => send.play(tape),
		finish: () => (sabotage.finish === undefined ? send.finish() : sabotage.finish(send)),
		reset: (code) => (sabotage.reset === undefined ? send.reset(code) : sabotage.reset(send, code)),
		prioritise: (priority) => send.prioritise(priority),
	};
}

function wrapLaneSink(sink: LaneSink, sabotage: Sabotage): LaneSink {
	const deliver: LaneSink["onDropped"] = (tags, reason) => sink.onDropped(tags, reason);
	return {
		onDropped: (tags, reason) => {
			if (sabotage.onDropped === undefined) deliver(tags, reason);
			else sabotage.onDropped(deliver, tags);
		},
		onDrained: () => {
			const drained = (): void => sink.onDrained?.();
			if (sabotage.onDrained === undefined) drained();
			else sabotage.onDrained(drained);
		},
	};
}

function wrapLane(lane: LaneCalls, sabotage: Sabotage): LaneCalls {
	const close = (code?: number): void => (code === undefined ? lane.close() : lane.close(code));
	return {
		play: (tape, header, tag) => {
			if (sabotage.play === undefined) lane.play(tape, header, tag);
			else sabotage.play(lane, tape, { header, tag });
		},
		datagram: (payload) =>
			sabotage.datagram === undefined ? lane.datagram(payload) : sabotage.datagram(lane, payload),
		update: (policy) => (sabotage.update === undefined ? lane.update(policy) : sabotage.update(lane, policy)),
		close: (code) => (sabotage.closeLane === undefined ? close(code) : sabotage.closeLane(lane, code)),
	};
}

function passData(deliver: RecvSink["onData"], chunk: Uint8Array, fin: boolean): void {
	deliver(chunk, fin);
}

function passCode(deliver: (code: number) => void, code: number): void {
	deliver(code);
}
