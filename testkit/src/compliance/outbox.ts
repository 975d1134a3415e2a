/**
 * The sending half of a stream under test.
 * @module
 */
import type { SendSink, SendStream, Tape } from "@moq-relay/core";
import type { Trace } from "./trace.ts";

/** Guards every call of a sending half and keeps its stop codes. */
export class Outbox implements SendSink, SendStream {
	readonly stopCodes: number[] = [];
	readonly #trace: Trace;
	readonly #name: string;
	#send: SendStream | undefined;

	constructor(trace: Trace, name: string) {
		this.#trace = trace;
		this.#name = name;
	}

	/** The half that this guards; once, before any other call. */
	attach(send: SendStream): void {
		this.#send = send;
	}

	onStop(code: number): void {
		this.#trace.event(`${this.#name} onStop`, () => {
			if (this.stopCodes.length > 0) this.#trace.violation(`${this.#name} onStop twice`);
			this.stopCodes.push(code);
		});
	}

	write(bytes: Uint8Array): boolean {
		return this.#call("write", (send) => send.write(bytes));
	}

	play(tape: Tape): void {
		this.#call("play", (send) => send.play(tape));
	}

	finish(): void {
		this.#call("finish", (send) => send.finish());
	}

	reset(code: number): void {
		this.#call("reset", (send) => send.reset(code));
	}

	prioritise(priority: number): void {
		this.#call("prioritise", (send) => send.prioritise(priority));
	}

	#call<T>(name: string, run: (send: SendStream) => T): T {
		const send = this.#send;
		if (send === undefined) throw new Error(`${this.#name} ${name} before the stream is there`);
		return this.#trace.call(`${this.#name} ${name}`, () => run(send));
	}
}
