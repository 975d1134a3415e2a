/**
 * A side of ours that reads everything, echoes what it is asked to, and remembers how things ended.
 * @module
 */
import type { BidiStream, ConnectionEnd, ConnectionSink, RecvSink, RecvStream } from "@moq-relay/core";

/** What came on one stream. */
export class Recording implements RecvSink {
	readonly chunks: Uint8Array[] = [];
	finished = false;
	resetCode: number | undefined;
	/** Credit goes back through this. */
	recv: Pick<RecvStream, "consumed" | "stop"> | undefined;
	/** Called with every chunk. */
	onChunk: (chunk: Uint8Array, fin: boolean) => void = () => {};

	get bytes(): Uint8Array {
		return Buffer.concat(this.chunks);
	}

	onData(chunk: Uint8Array, fin: boolean): void {
		this.chunks.push(chunk);
		this.finished = fin;
		this.onChunk(chunk, fin);
		this.recv?.consumed(chunk.length);
	}

	onReset(code: number): void {
		this.resetCode = code;
	}
}

/** All that a connection told. */
export class RecordingSink implements ConnectionSink {
	readonly unis: Recording[] = [];
	readonly bidis: { readonly stream: BidiStream; readonly recording: Recording; stopCode: number | undefined }[] = [];
	readonly datagrams: Uint8Array[] = [];
	end: ConnectionEnd | undefined;
	/** Send back what comes on bidirectional streams. */
	echo = true;

	onBidi(stream: BidiStream): void {
		const recording = record(stream.recv);
		const entry: RecordingSink["bidis"][number] = { stream, recording, stopCode: undefined };
		this.bidis.push(entry);
		stream.onSend({
			onStop: (code) => {
				entry.stopCode = code;
			},
		});
		if (!this.echo) return;
		recording.onChunk = (chunk, fin) => {
			stream.send.write(chunk);
			if (fin) stream.send.finish();
		};
	}

	onUni(stream: RecvStream): void {
		this.unis.push(record(stream));
	}

	onDatagram(payload: Uint8Array): void {
		this.datagrams.push(payload);
	}

	onEnd(end: ConnectionEnd): void {
		this.end = end;
	}
}

function record(recv: RecvStream): Recording {
	const recording = new Recording();
	recording.recv = recv;
	recv.accept(recording);
	return recording;
}
