/**
 * What every command is given.
 * @module
 */
import type { Clock } from "@moq-relay/core";
import type { Terminal } from "./terminal.ts";

/** The outside of a command. */
export interface CommandContext {
	readonly clock: Clock;
	readonly terminal: Terminal;
	/** Aborted when the user asks the command to stop; it then ends well. */
	readonly signal: AbortSignal;
}
