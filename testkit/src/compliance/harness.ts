/**
 * What one compliance check works with: two ends, waiting, and comparing.
 * @module
 */
import assert from "node:assert/strict";
import { difference } from "../bytes.ts";
import { SeededRandom } from "../seeded-random.ts";
import { End } from "./end.ts";
import type { TransportFactory, TransportPair } from "./factory.ts";
import { Trace } from "./trace.ts";

/** One connected pair with its events on record. */
export class Harness {
	readonly client: End;
	readonly server: End;
	readonly random: SeededRandom;
	readonly factory: TransportFactory;
	readonly #trace: Trace;
	readonly #pair: TransportPair;

	private constructor(factory: TransportFactory, pair: TransportPair, ends: Ends) {
		this.factory = factory;
		this.client = ends.client;
		this.server = ends.server;
		this.random = ends.random;
		this.#trace = ends.trace;
		this.#pair = pair;
	}

	/** A fresh pair of the factory's transport. */
	static async connect(factory: TransportFactory, seed: number): Promise<Harness> {
		const trace = new Trace();
		const ends = {
			client: new End("client", trace),
			server: new End("server", trace.other()),
			random: new SeededRandom(seed),
			trace,
		};
		const pair = await factory.connect({ seed, client: ends.client, server: ends.server });
		ends.client.attach(pair.client);
		ends.server.attach(pair.server);
		return new Harness(factory, pair, ends);
	}

	/** Both directions, for checks that hold whoever opens: [sender, receiver] twice. */
	get directions(): readonly (readonly [End, End])[] {
		return [
			[this.client, this.server],
			[this.server, this.client],
		];
	}

	/**
	 * Wait until `condition` holds.
	 * @throws Error naming `what`, when it does not come true.
	 */
	async until(what: string, condition: () => boolean): Promise<void> {
		try {
			await this.#pair.settle(condition);
		} catch (error) {
			throw new Error(`waiting for ${what}: ${error instanceof Error ? error.message : String(error)}`, {
				cause: error,
			});
		}
	}

	/** Wait until the end has `count` unidirectional streams from its peer, and return the last of them. */
	async uni(end: End, count = 1): Promise<End["unis"][number]> {
		await this.until(`${count} unidirectional streams at the ${end.name}`, () => end.unis.length >= count);
		const inbox = end.unis[count - 1];
		assert.ok(inbox);
		return inbox;
	}

	/** Wait until the end has `count` bidirectional streams from its peer, and return the last of them. */
	async bidi(end: End, count = 1): Promise<End["bidis"][number]> {
		await this.until(`${count} bidirectional streams at the ${end.name}`, () => end.bidis.length >= count);
		const stream = end.bidis[count - 1];
		assert.ok(stream);
		return stream;
	}

	/**
	 * Let time pass without measuring it: single bytes cross from one end to the other, one after another. What has not
	 * arrived by then is held back. Uses one bidirectional stream, so `bidis` of the receiver grows by one.
	 */
	async pass(from: End, to: End): Promise<void> {
		const stream = from.openBidi();
		const before = to.bidis.length;
		for (let round = 1; round <= PASS_ROUNDS; round++) {
			stream.send.write(new Uint8Array(1));
			await this.until(
				`byte ${round} from ${from.name} to ${to.name}`,
				() => (to.bidis[before]?.recv.byteLength ?? 0) >= round,
			);
		}
		stream.send.finish();
		to.bidis[before]?.send.finish();
	}

	/** @throws AssertionError when the bytes differ; does not print them. */
	same(actual: Uint8Array, expected: Uint8Array, what: string): void {
		const different = difference(actual, expected);
		assert.equal(different, undefined, `${what}: ${different}`);
	}

	/** Free the pair, and fail on any rule that was broken on the way. */
	async finish(): Promise<void> {
		await this.#pair.dispose();
		assert.deepEqual(this.#trace.violations.slice(0, 5), [], "the transport broke a rule of the port");
	}

	/** Free the pair after a failure. */
	async abandon(): Promise<void> {
		await this.#pair.dispose();
	}
}

interface Ends {
	readonly client: End;
	readonly server: End;
	readonly random: SeededRandom;
	readonly trace: Trace;
}

const PASS_ROUNDS = 40;
