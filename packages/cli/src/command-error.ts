/**
 * What ends a command with exit code 1.
 * @module
 */

/** A command can't go on; the message is the one sentence that the user reads, without a final period. */
export class CommandError extends Error {
	override readonly name = "CommandError";
}
