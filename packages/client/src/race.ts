/**
 * Two ways to one place, the better one first.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import { DialError } from "./dial-error.ts";

/** Both ways; each must give up when its signal says so. */
export interface HeadStartRace {
	readonly first: (signal: AbortSignal) => Promise<Connection>;
	readonly second: (signal: AbortSignal) => Promise<Connection>;
	readonly headStartMs: number;
	readonly signal: AbortSignal;
}

/**
 * The first connection that stands; the other is given up. The second way begins when the head start is over, or at
 * once when the first has failed, but not when the server was reached and has refused.
 * @throws DialError: the decisive one, or what is known of both.
 */
export function raceWithHeadStart(race: HeadStartRace): Promise<Connection> {
	return new Promise((resolve, reject) => {
		const controllers = [new AbortController(), new AbortController()];
		const failures: DialError[] = [];
		let settled = false;
		const settle = (winner: number | undefined): boolean => {
			if (settled) return false;
			settled = true;
			clearTimeout(timer);
			race.signal.removeEventListener("abort", abort);
			controllers.forEach((controller, at) => {
				if (at !== winner) controller.abort();
			});
			return true;
		};
		const run = (at: number, way: HeadStartRace["first"]): void => {
			const signal = AbortSignal.any([race.signal, controllers[at]?.signal ?? race.signal]);
			way(signal).then(
				(connection) => {
					if (settle(at)) resolve(connection);
					else discard(connection);
				},
				(error: unknown) => {
					const failure =
						error instanceof DialError ? error : new DialError("protocol", String(error), { cause: error });
					failures.push(failure);
					if (failure.isFinal || failures.length === 2) {
						if (settle(undefined)) reject(failure.isFinal ? failure : both(failures));
					} else startSecond();
				},
			);
		};
		let begun = false;
		const startSecond = (): void => {
			if (begun || settled) return;
			begun = true;
			clearTimeout(timer);
			run(1, race.second);
		};
		const abort = (): void => clearTimeout(timer);
		const timer = setTimeout(startSecond, race.headStartMs);
		race.signal.addEventListener("abort", abort);
		run(0, race.first);
	});
}

/** It came too late; its sink must be set all the same. */
function discard(connection: Connection): void {
	connection.accept({ onBidi: () => {}, onUni: () => {}, onDatagram: () => {}, onEnd: () => {} });
	connection.close(0, "");
}

/** A certificate or a status says more than a port that does not answer. */
function both(failures: readonly DialError[]): DialError {
	const [one, other] = failures;
	if (one === undefined) return new DialError("protocol", "no way was tried");
	if (other === undefined || one.message === other.message) return one;
	const telling = failures.find((failure) => failure.kind === "status" || failure.kind === "certificate") ?? other;
	const cause = new AggregateError(failures, failures.map((failure) => failure.message).join("; "));
	return new DialError(telling.kind, `${one.message}; ${other.message}`, { cause });
}
