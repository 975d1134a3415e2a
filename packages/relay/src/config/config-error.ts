/**
 * What is wrong with the configuration.
 * @module
 */

/** One thing that is wrong: where, which setting, and what to do. */
export interface Problem {
	/** "relay.toml line 7", "--log-level", "MOQ_LOG_LEVEL"; undefined when it is nowhere, such as a missing setting. */
	readonly origin: string | undefined;
	/** The setting as in the file, `server.tls.cert`; "" when there is none. */
	readonly key: string;
	/** What is wrong and what to do; no secrets, no final period. */
	readonly message: string;
}

/** The relay cannot start with this configuration. `message` is one line that names the first problem. */
export class ConfigError extends Error {
	override readonly name = "ConfigError";
	readonly problems: readonly Problem[];

	constructor(problems: readonly Problem[]) {
		const [first = { origin: undefined, key: "", message: "the configuration is not valid" }, ...more] = problems;
		super(formatProblem(first) + (more.length === 0 ? "" : ` (and ${more.length} more: moq-relay check lists them)`));
		this.problems = problems;
	}
}

/** A problem as one line. */
export function formatProblem(problem: Problem): string {
	return [problem.origin, problem.key, problem.message].filter((part) => part !== undefined && part !== "").join(": ");
}
