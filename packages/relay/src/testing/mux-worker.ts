/**
 * A worker whose only business is to put multiplexed connections over ports behind a bridge.
 * @module
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { systemClock } from "@moq-relay/client";
import type { MuxOptions } from "@moq-relay/core";
import { WorkerEnd } from "../bridge/worker-end.ts";
import { overPort } from "./port-pipe.ts";

/** One more connection. */
export interface MuxWorkerOrder {
	readonly ticket: number;
	readonly port: MessagePort;
	readonly options: Omit<MuxOptions, "clock" | "turns">;
}

const rethrow = (error: unknown): void => {
	throw error;
};
const bridge = new WorkerEnd(workerData as MessagePort, {
	onCongested: () => {},
	onFault: rethrow,
	onBroken: rethrow,
});
parentPort?.on("message", ({ ticket, port, options }: MuxWorkerOrder) => {
	let refresh = (): void => {};
	const connection = overPort(port, { ...options, clock: systemClock }, () => refresh());
	refresh = bridge.add(connection, ticket);
});
