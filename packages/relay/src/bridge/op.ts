/**
 * What crosses the bridge: numbers in one array, bytes in another, in the order of the fields given here. A length
 * stands for that many bytes of the byte array, which is read in step.
 * @module
 */

/** From main to a worker. `conn`, `stream`, `lane` and `tape` are numbers that name one of them on this bridge. */
export const Command = {
	/** conn, stream */
	OpenBidi: 1,
	/** conn, stream */
	OpenUni: 2,
	/** conn, stream, length */
	Write: 3,
	/** conn, stream, tape */
	StreamPlay: 4,
	/** conn, stream */
	Finish: 5,
	/** conn, stream, code */
	Reset: 6,
	/** conn, stream, priority */
	Prioritise: 7,
	/** conn, stream, bytes */
	Consumed: 8,
	/** conn, stream, code */
	Stop: 9,
	/** conn, lane, priority, newest first (0 or 1), latencyMs, budgetBytes */
	Lane: 10,
	/** conn, lane, then as Lane */
	LaneUpdate: 11,
	/** conn, lane, code or −1 */
	LaneClose: 12,
	/** tape, count, then count times: conn, lane, tag, length of the header */
	LanePlay: 13,
	/** conn, lane, length */
	LaneDatagram: 14,
	/** tape, index of the encoding */
	Tape: 15,
	/** tape, length */
	TapeAppend: 16,
	/** tape */
	TapeFinish: 17,
	/** tape, code */
	TapeAbort: 18,
	/** tape */
	TapeEvict: 19,
	/** tape: no later play names it; running ones go on */
	TapeForget: 20,
	/** conn: report statistics once */
	Stats: 21,
	/** conn, code, length of the reason */
	Close: 22,
} as const;

/** From a worker to main. */
export const Event = {
	/** conn, ticket, length of the ConnectionInfo as JSON */
	Open: 1,
	/** conn, stream */
	Bidi: 2,
	/** conn, stream */
	Uni: 3,
	/** conn, stream, fin (0 or 1), length */
	Data: 4,
	/** conn, stream, code */
	Reset: 5,
	/** conn, stream, code */
	Stop: 6,
	/** conn, length */
	Datagram: 7,
	/** conn, code, who (index), length of the reason */
	End: 8,
	/** conn, lane, reason (index), count, then count tags */
	Dropped: 9,
	/** conn, stream: `write` answered false */
	Full: 10,
	/** conn, stream: `openBidi` or `openUni` answered undefined */
	Refused: 11,
	/** tape, plays begun so far: the tape has ended and nothing plays it */
	TapeIdle: 12,
	/** conn, then the fields of ConnectionStats in their order */
	Stats: 13,
	/** conn, lane: closed, and every play is over */
	Drained: 14,
	/** conn, `datagramBytesMax`, which some carriers learn late */
	Datagrams: 15,
} as const;

/** Values that cross as their index. */
export const ENCODINGS = ["lite-01", "lite-05"] as const;
/** As `ConnectionEnd.by`. */
export const ENDED_BY = ["local", "remote", "transport"] as const;
/** As the reasons of `LaneSink.onDropped`. */
export const DROP_REASONS = ["latency", "budget", "streams", "stopped"] as const;
