/**
 * All web workers: each listens on every door, and the kernel spreads sockets over them.
 * @module
 */
import { createServer } from "node:net";
import type { Clock } from "@moq-relay/core";
import type { IdentitySet } from "../tls/identities.ts";
import { PortError } from "./address.ts";
import type { Door, Pair } from "./doorway.ts";
import { WORKER_RESTART_MS } from "./limits.ts";
import { WorkerLink, type WorkerSink } from "./worker-link.ts";

/** What workers are started with. */
export interface WebWorkersOptions {
	readonly doors: readonly Door[];
	readonly identities: Readonly<Record<IdentitySet, readonly Pair[]>>;
	readonly versions: readonly string[];
	/** How many; at least 1. */
	readonly workers: number;
	readonly clock: Clock;
	readonly sink: WorkerSink;
}

/** The pool. */
export class WebWorkers implements AsyncDisposable {
	readonly #options: WebWorkersOptions;
	readonly #links = new Set<WorkerLink>();
	#doors: readonly Door[];
	#identities: Readonly<Record<IdentitySet, readonly Pair[]>>;
	#closed = false;

	private constructor(options: WebWorkersOptions) {
		this.#options = options;
		this.#doors = options.doors;
		this.#identities = options.identities;
	}

	/** Bind every door in every worker. @throws PortError when a port cannot be had; nothing is left open then. */
	static async start(options: WebWorkersOptions): Promise<WebWorkers> {
		const pool = new WebWorkers(options);
		try {
			// Workers of another relay would share the port with ours without a word.
			for (const door of options.doors) if (door.port !== 0) await probe(door);
			pool.#doors = await pool.#add();
			await Promise.all(Array.from({ length: options.workers - 1 }, () => pool.#add()));
			return pool;
		} catch (error) {
			await pool.close();
			throw error;
		}
	}

	/** The doors with their real ports. */
	get doors(): readonly Door[] {
		return this.#doors;
	}

	/** Workers that run. */
	get size(): number {
		return this.#links.size;
	}

	/** Those that run; one that ends is replaced. */
	get links(): Iterable<WorkerLink> {
		return this.#links;
	}

	/** Connections of all workers. */
	get connections(): number {
		let total = 0;
		for (const link of this.#links) total += link.size;
		return total;
	}

	/** Tapes held, counted once for each worker. */
	get tapes(): number {
		let total = 0;
		for (const link of this.#links) total += link.tapes;
		return total;
	}

	/** Show new identities. */
	identify(set: IdentitySet, pairs: readonly Pair[]): void {
		this.#identities = { ...this.#identities, [set]: pairs };
		for (const link of this.#links) link.order({ do: "identities", set, pairs });
	}

	/** Take no new sockets. */
	stop(): void {
		for (const link of this.#links) link.order({ do: "stop" });
	}

	/** End every worker. */
	async close(): Promise<void> {
		this.#closed = true;
		await Promise.all([...this.#links].map((link) => link.terminate()));
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.close();
	}

	/** One more worker. Resolves with the doors as it bound them. */
	#add(): Promise<readonly Door[]> {
		return new Promise((resolve, reject) => {
			const ports = new Map<number, number>();
			const start = { doors: this.#doors, identities: this.#identities, versions: this.#options.versions };
			const life = {
				onListening: (door: number, port: number) => {
					ports.set(door, port);
					if (ports.size < start.doors.length) return;
					resolve(start.doors.map((bound) => ({ ...bound, port: ports.get(bound.id) ?? bound.port })));
				},
				onFailed: (id: number, error: { code: string; message: string }) => {
					const door = start.doors.find((candidate) => candidate.id === id);
					reject(new PortError({ protocol: "TCP", host: door?.host ?? "", port: door?.port ?? 0 }, error));
				},
				onExit: () => {
					this.#links.delete(link);
					reject(new Error("a worker ended while it started"));
					if (ports.size === start.doors.length) this.#replace();
				},
			};
			const link = new WorkerLink(start, () => this.#options.clock.nowMs(), { sink: this.#options.sink, life });
			this.#links.add(link);
		});
	}

	/** A worker that died is replaced, after a pause. */
	#replace(): void {
		if (this.#closed) return;
		this.#options.sink.onFault(new Error("a worker ended; another one takes its place"), undefined);
		this.#options.clock.after(WORKER_RESTART_MS, () => {
			if (this.#closed) return;
			this.#add().catch(() => this.#replace());
		});
	}
}

/** Whether the port is free for us alone. */
function probe(door: Door): Promise<void> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once("error", (error: NodeJS.ErrnoException) => {
			const place = { protocol: "TCP", host: door.host, port: door.port } as const;
			reject(new PortError(place, { code: error.code ?? "", message: error.message }));
		});
		server.listen({ host: door.host, port: door.port, exclusive: true }, () => server.close(() => resolve()));
	});
}
