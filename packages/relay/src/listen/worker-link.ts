/**
 * Main's end of one web worker: its thread, its bridge, and its open questions.
 * @module
 */
import { MessageChannel, Worker } from "node:worker_threads";
import type { Connection } from "@moq-relay/core";
import { MainEnd } from "../bridge/main-end.ts";
import type { Answer, AnswerSink } from "./answer.ts";
import type { FromWorker, Headers, ToWorker, TurnedAway, WebRequest, WorkerStart } from "./doorway.ts";
import { RESPONSE_AHEAD_BYTES } from "./limits.ts";

/** An upgrade that waits for an answer; give exactly one. */
export interface UpgradeQuestion {
	readonly request: WebRequest;
	/** Let it in: exactly one of the two is called, `onConnection` with a connection to `accept` in the same turn. */
	admit(sink: AdmittedSink): void;
	/** Answer with an HTTP status. */
	refuse(status: number, message: string): void;
	/** Hear that the peer left before the answer. */
	onGone(listener: () => void): void;
}

/** What becomes of an upgrade that was let in. */
export interface AdmittedSink {
	onConnection(connection: Connection): void;
	onFailed(): void;
}

/** What workers bring to main. */
export interface WorkerSink {
	onRequest(request: WebRequest, answer: Answer): void;
	onUpgrade(question: UpgradeQuestion): void;
	onTurnedAway(why: TurnedAway): void;
	/** Something threw: in a connection's sink, or (without one) in a worker. */
	onFault(error: unknown, connection: Connection | undefined): void;
}

/** Events of one worker's own life. */
export interface WorkerLife {
	onListening(door: number, port: number): void;
	onFailed(door: number, error: { readonly code: string; readonly message: string }): void;
	/** The thread is gone, and with it all its connections. */
	onExit(): void;
}

/** One worker. */
export class WorkerLink {
	readonly #worker: Worker;
	readonly #bridge: MainEnd;
	readonly #sink: WorkerSink;
	readonly #answers = new Map<number, WorkerAnswer>();
	readonly #leaving = new Map<number, () => void>();
	readonly #admitted = new Map<number, AdmittedSink>();

	constructor(start: Omit<WorkerStart, "bridge">, nowMs: () => number, sinks: { sink: WorkerSink; life: WorkerLife }) {
		const { port1, port2 } = new MessageChannel();
		this.#sink = sinks.sink;
		this.#worker = new Worker(WORKER_FILE, {
			workerData: { ...start, bridge: port2 },
			transferList: [port2],
			execArgv: WORKER_FLAGS,
		});
		this.#bridge = new MainEnd(port1, nowMs, {
			onConnection: (connection, ticket) => this.#connected(connection, ticket),
			onFault: (error, connection) => {
				this.#sink.onFault(error, connection);
				// Without a connection to blame, the two ends no longer understand each other.
				if (connection === undefined) void this.terminate();
			},
		});
		this.#worker.on("message", (message: FromWorker) => this.#hear(message, sinks.life));
		this.#worker.on("error", (error) => this.#sink.onFault(error, undefined));
		this.#worker.on("exit", () => {
			this.#lose();
			sinks.life.onExit();
		});
	}

	/** Connections it carries. */
	get size(): number {
		return this.#bridge.size;
	}

	/** Tapes it holds. */
	get tapes(): number {
		return this.#bridge.tapes;
	}

	/** Give an order that answers no question. */
	order(message: Extract<ToWorker, { readonly do: "identities" | "stop" }>): void {
		this.#tell(message);
	}

	/** End the thread; its connections end too. */
	async terminate(): Promise<void> {
		await this.#worker.terminate();
	}

	#tell(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
		this.#worker.postMessage(message, transfer);
	}

	#hear(message: FromWorker, life: WorkerLife): void {
		switch (message.say) {
			case "listening":
				life.onListening(message.door, message.port);
				break;
			case "failed":
				life.onFailed(message.door, message);
				break;
			case "request":
				this.#ask(message.ask, message.request);
				break;
			case "upgrade":
				this.#sink.onUpgrade(this.#question(message.ask, message.request));
				break;
			case "gone":
				this.#gone(message.ask);
				break;
			case "sent":
				this.#answers.get(message.ask)?.sent(message.bytes);
				break;
			case "turned-away":
				this.#sink.onTurnedAway(message.why);
				break;
			case "fault":
				this.#sink.onFault(new Error(message.message), undefined);
				break;
		}
	}

	#ask(ask: number, request: WebRequest): void {
		const answer = new WorkerAnswer(
			ask,
			(message, transfer) => this.#tell(message, transfer),
			() => this.#answers.delete(ask),
		);
		this.#answers.set(ask, answer);
		try {
			this.#sink.onRequest(request, answer);
		} catch (error) {
			this.#sink.onFault(error, undefined);
			answer.cut();
		}
	}

	#question(ask: number, request: WebRequest): UpgradeQuestion {
		let answered = false;
		const once = (answer: () => void): void => {
			if (answered) return;
			answered = true;
			this.#leaving.delete(ask);
			answer();
		};
		return {
			request,
			admit: (sink) =>
				once(() => {
					this.#admitted.set(ask, sink);
					this.#tell({ do: "admit", ask });
				}),
			refuse: (status, message) => once(() => this.#tell({ do: "refuse", ask, status, message })),
			onGone: (listener) => {
				if (!answered) this.#leaving.set(ask, listener);
			},
		};
	}

	#connected(connection: Connection, ticket: number): void {
		const sink = this.#admitted.get(ticket);
		this.#admitted.delete(ticket);
		if (sink === undefined) throw new RangeError(`connection with an unknown ticket ${ticket}`);
		sink.onConnection(connection);
	}

	#gone(ask: number): void {
		const leaving = this.#leaving.get(ask);
		const admitted = this.#admitted.get(ask);
		this.#leaving.delete(ask);
		this.#admitted.delete(ask);
		leaving?.();
		admitted?.onFailed();
		this.#answers.get(ask)?.gone();
	}

	#lose(): void {
		this.#bridge.close("a worker of the relay ended");
		for (const ask of [...this.#leaving.keys(), ...this.#admitted.keys(), ...this.#answers.keys()]) this.#gone(ask);
	}
}

type Tell = (message: ToWorker, transfer?: readonly ArrayBuffer[]) => void;

/** An answer whose socket is in a worker. */
class WorkerAnswer implements Answer {
	readonly #ask: number;
	readonly #tell: Tell;
	readonly #over: () => void;
	#sink: AnswerSink | undefined;
	#ahead = 0;
	#full = false;
	#done = false;

	constructor(ask: number, tell: Tell, over: () => void) {
		this.#ask = ask;
		this.#tell = tell;
		this.#over = over;
	}

	head(status: number, headers: Headers): void {
		if (!this.#done) this.#tell({ do: "head", ask: this.#ask, status, headers });
	}

	write(bytes: Uint8Array): boolean {
		if (this.#done) return true;
		this.#ahead += bytes.byteLength;
		// The bytes may be the cache's own; a copy of just them is handed over without being copied once more.
		const own = new Uint8Array(bytes);
		this.#tell({ do: "body", ask: this.#ask, bytes: own }, [own.buffer]);
		this.#full = this.#ahead > RESPONSE_AHEAD_BYTES;
		return !this.#full;
	}

	end(): void {
		this.#finish("end");
	}

	cut(): void {
		this.#finish("cut");
	}

	follow(sink: AnswerSink): void {
		this.#sink = sink;
	}

	/** Bytes reached the socket. */
	sent(bytes: number): void {
		this.#ahead -= bytes;
		if (!this.#full || this.#ahead > RESPONSE_AHEAD_BYTES / 2) return;
		this.#full = false;
		this.#sink?.onRoom();
	}

	/** The peer left. */
	gone(): void {
		if (this.#done) return;
		this.#done = true;
		this.#over();
		this.#sink?.onGone();
	}

	#finish(how: "end" | "cut"): void {
		if (this.#done) return;
		this.#done = true;
		this.#tell({ do: how, ask: this.#ask });
		this.#over();
	}
}

/** Sources run as they are in development, and compiled when installed. */
const RUNS_SOURCE = import.meta.url.endsWith(".ts");
const WORKER_FILE = new URL(RUNS_SOURCE ? "./web-worker.ts" : "./web-worker.js", import.meta.url);
const WORKER_FLAGS = RUNS_SOURCE ? ["--conditions=source"] : ["--enable-source-maps"];
