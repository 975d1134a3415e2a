/**
 * `/fetch`: the frames of one group, one after another.
 * @module
 */
import type { Clock, Group, Origin, Tape } from "@moq-relay/core";
import { Code } from "@moq-relay/wire";
import type { Answer } from "../listen/answer.ts";
import { FETCH_MS } from "./limits.ts";
import { PayloadReader } from "./payload-reader.ts";
import { CORS, type Reply, sendReply } from "./reply.ts";

/** Which group. */
export interface GroupWanted {
	/** Full path of the broadcast. */
	readonly broadcast: string;
	readonly track: string;
	/** Undefined: the latest one. */
	readonly group: number | undefined;
	/** HEAD: only whether it is there. */
	readonly bodiless: boolean;
}

/** One answer to `/fetch`. */
export class GroupFetch {
	readonly #origin: Origin;
	readonly #wanted: GroupWanted;
	readonly #answer: Answer;
	readonly #onOver: () => void;
	/** What has to be undone when it is over, the last first. */
	readonly #undo: (() => void)[] = [];
	#full = false;
	#begun = false;
	/** Goes on with the group, once there is one. */
	#flow: () => void = () => {};
	#over = false;

	/** Begin; `onOver` is called once, when the answer is complete or given up. */
	constructor(origin: Origin, wanted: GroupWanted, how: { answer: Answer; clock: Clock; onOver: () => void }) {
		this.#origin = origin;
		this.#wanted = wanted;
		this.#answer = how.answer;
		this.#onOver = how.onOver;
		this.#answer.follow({ onGone: () => this.#finish(), onRoom: () => this.#onRoom() });
		this.#later(how.clock.after(FETCH_MS, () => this.#expire()));
		this.#find();
	}

	/** Wait until the broadcast is announced. */
	#find(): void {
		if (this.#request()) return;
		const watch = this.#origin.watch(this.#wanted.broadcast, {
			onStart: () => {},
			onActive: () => {
				if (this.#over || !this.#request()) return;
				watch.close();
			},
			onRestart: () => {},
			onUpdate: () => {},
			onEnded: () => {},
		});
		this.#later(() => watch.close());
	}

	/** Ask the broadcast for the group; false when there is none yet. */
	#request(): boolean {
		const { broadcast: path, track, group } = this.#wanted;
		const broadcast = this.#origin.broadcast(path);
		if (broadcast === undefined) return false;
		const onGroup = (found: Group): void => this.#read(found);
		const onError = (code: number): void => this.#fail(code);
		if (group !== undefined) {
			this.#later(broadcast.fetch(track, { group, priority: PRIORITY }, { onGroup, onError }));
			return true;
		}
		const request = {
			priority: PRIORITY,
			ordered: false,
			latencyMs: FETCH_MS,
			startGroup: undefined,
			endGroup: undefined,
		};
		// The subscription stands until the group is complete, so that upstream goes on with it.
		const subscription = broadcast.subscribe(track, request, {
			onInfo: () => {},
			onGroup,
			onDatagram: ({ payload }) => this.#single(payload),
			onDropped: () => {},
			onEnd: () => this.#fail(Code.NotFound),
			onError,
		});
		this.#later(() => subscription.close());
		return true;
	}

	#read(group: Group): void {
		if (this.#over || this.#begun) return;
		this.#begin();
		if (this.#over) return;
		const tape = group.tape("lite-05");
		const payloads = new PayloadReader(tape);
		this.#flow = () => this.#send(payloads, tape);
		// Without sinks until now: what is there already is read at the pace of the answer.
		this.#flow();
		if (this.#over) return;
		const flow = (): void => this.#flow();
		const cut = (): void => this.#cut();
		this.#later(tape.attach({ append: flow, finish: flow, abort: cut, evict: cut }));
	}

	/** A datagram is a group of one frame. */
	#single(payload: Uint8Array): void {
		if (this.#over || this.#begun) return;
		this.#begin();
		this.#answer.write(payload);
		this.#complete();
	}

	#begin(): void {
		this.#begun = true;
		this.#answer.head(200, { ...CORS, "cache-control": "no-store" });
		if (this.#wanted.bodiless) this.#complete();
	}

	/** Send what there is, as far as there is room. */
	#send(payloads: PayloadReader, tape: Tape): void {
		while (!this.#full && !this.#over) {
			const piece = payloads.next();
			if (piece === undefined) {
				if (tape.state === "finished") this.#complete();
				return;
			}
			this.#full = !this.#answer.write(piece);
		}
	}

	#onRoom(): void {
		this.#full = false;
		this.#flow();
	}

	#complete(): void {
		this.#answer.end();
		this.#finish();
	}

	#fail(code: number): void {
		if (this.#over || this.#begun) return;
		this.#reply(REPLIES.get(code) ?? { status: 500, body: "the publisher refused\n" });
	}

	#expire(): void {
		if (this.#begun) this.#cut();
		else this.#reply({ status: 504, body: "not available in time\n" });
	}

	#reply(reply: Reply): void {
		sendReply(this.#answer, reply, this.#wanted.bodiless);
		this.#finish();
	}

	#cut(): void {
		if (this.#over) return;
		this.#answer.cut();
		this.#finish();
	}

	/** Undo something when it is over, which it may be already. */
	#later(undo: () => void): void {
		if (this.#over) undo();
		else this.#undo.push(undo);
	}

	#finish(): void {
		if (this.#over) return;
		this.#over = true;
		for (const undo of this.#undo.splice(0).toReversed()) undo();
		this.#onOver();
	}
}

/** Below every viewer: nobody watches live over HTTP. */
const PRIORITY = 0;

const NOT_FOUND: Reply = { status: 404, body: "no such track or group\n" };
const REPLIES: ReadonlyMap<number, Reply> = new Map([
	[Code.NotFound, NOT_FOUND],
	[Code.Unroutable, NOT_FOUND],
	[Code.Old, NOT_FOUND],
	[Code.Evicted, NOT_FOUND],
	[Code.Timeout, { status: 504, body: "the publisher does not answer\n" }],
]);
