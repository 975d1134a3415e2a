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
	/** How much longer the first is waited for once the second has found nobody. */
	readonly graceMs: number;
	readonly signal: AbortSignal;
}

/**
 * The first connection that stands; the other is given up. The second way begins when the head start is over, or at
 * once when the first has failed, but not when the server was reached and has refused. When the second has found nobody,
 * the first has little time left.
 * @throws DialError: the decisive one, or what is known of both.
 */
export function raceWithHeadStart(race: HeadStartRace): Promise<Connection> {
	return new Promise((resolve, reject) => new Race(race, { resolve, reject }).start());
}

interface Outcome {
	readonly resolve: (connection: Connection) => void;
	readonly reject: (error: DialError) => void;
}

class Race {
	readonly #race: HeadStartRace;
	readonly #outcome: Outcome;
	readonly #controllers = [new AbortController(), new AbortController()] as const;
	readonly #failures: DialError[] = [];
	#timer: NodeJS.Timeout | undefined;
	#settled = false;
	#secondBegun = false;

	constructor(race: HeadStartRace, outcome: Outcome) {
		this.#race = race;
		this.#outcome = outcome;
	}

	start(): void {
		this.#timer = setTimeout(() => this.#startSecond(), this.#race.headStartMs);
		this.#run(0, this.#race.first);
	}

	#startSecond(): void {
		if (this.#secondBegun || this.#settled) return;
		this.#secondBegun = true;
		clearTimeout(this.#timer);
		this.#run(1, this.#race.second);
	}

	#run(at: 0 | 1, way: HeadStartRace["first"]): void {
		const signal = AbortSignal.any([this.#race.signal, this.#controllers[at].signal]);
		way(signal).then(
			(connection) => {
				if (this.#settle(at)) this.#outcome.resolve(connection);
				else discard(connection);
			},
			(error: unknown) => {
				this.#fail(at, error instanceof DialError ? error : new DialError("protocol", String(error), { cause: error }));
			},
		);
	}

	#fail(at: 0 | 1, failure: DialError): void {
		this.#failures.push(failure);
		if (failure.isFinal) {
			if (this.#settle(undefined)) this.#outcome.reject(failure);
		} else if (this.#failures.length === 2) {
			if (this.#settle(undefined)) this.#outcome.reject(both(this.#failures));
		} else if (at === 0) {
			this.#startSecond();
		} else if (failure.kind === "unreachable") {
			this.#timer = setTimeout(() => {
				if (this.#settle(undefined)) this.#outcome.reject(failure);
			}, this.#race.graceMs);
		}
	}

	/** Give up all but the winner; false when that has been done. */
	#settle(winner: 0 | 1 | undefined): boolean {
		if (this.#settled) return false;
		this.#settled = true;
		clearTimeout(this.#timer);
		this.#controllers.forEach((controller, at) => {
			if (at !== winner) controller.abort();
		});
		return true;
	}
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
