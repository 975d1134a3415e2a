/**
 * The options of every command that reaches a relay.
 * @module
 */
import { readFile } from "node:fs/promises";
import type { DialTls } from "@moq-relay/client";
import { LITE_VERSIONS, type LiteVersion, versionOfName } from "@moq-relay/wire";
import { type Command, Option } from "commander";
import { CommandError } from "./command-error.ts";
import type { LogLevel } from "./terminal.ts";

/** How to get to the relay. */
export type Transport = "auto" | "webtransport" | "quic" | "websocket";

/** As commander gives them. */
export interface ConnectFlags {
	readonly token?: string;
	readonly tlsDisableVerify?: boolean;
	readonly tlsRoot?: readonly string[];
	readonly tlsFingerprint?: readonly string[];
	readonly transport: Transport;
	readonly protocol?: string;
	readonly logLevel: LogLevel;
}

/** As they are used. */
export interface ConnectSettings {
	/** Reads the token anew, for relays whose URL has none; undefined where none was given. @throws CommandError */
	readonly token: (() => Promise<string>) | undefined;
	readonly tls: DialTls;
	readonly transport: Transport;
	/** Versions to offer, the preferred first. */
	readonly versions: readonly LiteVersion[];
}

/** Add the options to a command. */
export function addConnectOptions(command: Command): Command {
	const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];
	return command
		.option(
			"--token <jwt|file>",
			"token, or a file that holds it, which is read again before the token ends; the URL may have it as ?jwt= instead",
		)
		.option("--tls-disable-verify", "accept any certificate (for tests only)")
		.option("--tls-root <file>", "PEM file of authorities to trust instead of the system's; may be repeated", collect)
		.option("--tls-fingerprint <hex>", "SHA-256 of the relay's certificate; may be repeated", collect)
		.addOption(
			new Option("--transport <kind>", "how to get there: auto, webtransport, quic (raw) or websocket")
				.choices(["auto", "webtransport", "quic", "websocket"])
				.default("auto"),
		)
		.addOption(
			new Option("--protocol <version>", "offer this protocol version only").choices(
				LITE_VERSIONS.map(({ name }) => name),
			),
		)
		.addOption(
			new Option("--log-level <level>", "how much is said on standard error")
				.choices(["error", "info", "debug"])
				.default("info"),
		);
}

/** What the options mean. @throws CommandError when a file can't be read or a value can't be used. */
export async function readConnectSettings(flags: ConnectFlags): Promise<ConnectSettings> {
	const version = flags.protocol === undefined ? undefined : versionOfName(flags.protocol);
	const { token } = flags;
	// What can't be read now is told at once.
	if (token !== undefined) await readToken(token);
	return {
		token: token === undefined ? undefined : () => readToken(token),
		tls: await readTls(flags),
		transport: flags.transport,
		versions: version === undefined ? LITE_VERSIONS : [version],
	};
}

async function readTls(flags: ConnectFlags): Promise<DialTls> {
	const roots = await Promise.all((flags.tlsRoot ?? []).map((path) => readText(path, "the authorities")));
	const fingerprints = (flags.tlsFingerprint ?? []).map((text) => {
		const hex = text.replaceAll(":", "").toLowerCase();
		if (!/^[0-9a-f]{64}$/.test(hex)) throw new CommandError(`--tls-fingerprint takes 64 hex digits, not "${text}"`);
		return hex;
	});
	return {
		...(roots.length === 0 ? {} : { roots }),
		...(fingerprints.length === 0 ? {} : { fingerprints }),
		...(flags.tlsDisableVerify === true ? { disableVerify: true } : {}),
	};
}

/** Three parts of base64url with dots between are a token; anything else is a file's name. */
async function readToken(value: string): Promise<string> {
	if (TOKEN.test(value)) return value;
	const token = (await readText(value, "the token")).trim();
	if (!TOKEN.test(token)) throw new CommandError(`the file ${value} holds no token`);
	return token;
}

async function readText(path: string, what: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : "";
		throw new CommandError(`${what} can't be read from ${path}: ${REASONS[code] ?? code}`, { cause: error });
	}
}

const TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/;

const REASONS: Readonly<Record<string, string>> = {
	ENOENT: "there is no such file",
	EACCES: "permission denied",
	EISDIR: "it is a folder",
};
