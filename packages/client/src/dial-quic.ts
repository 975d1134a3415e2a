/**
 * Dialling through the engine: WebTransport and raw QUIC.
 * @module
 */
import type { Connection } from "@moq-relay/core";
import { ConnectError, type ConnectOptions, Engine, type VerifyOptions } from "@moq-relay/engine";
import { type LiteVersion, protocolsOf } from "@moq-relay/wire";
import { DialError, isTimeout, statusError } from "./dial-error.ts";
import type { DialOptions, DialTls } from "./dial-options.ts";
import { type DialTarget, resolveHost } from "./dial-target.ts";

/** What to dial with the engine. */
export interface QuicAttempt {
	readonly engine: Engine;
	readonly target: DialTarget;
	readonly kind: "webtransport" | "quic";
	readonly tls: DialTls;
	readonly versions: readonly LiteVersion[];
	readonly options: DialOptions;
	readonly timeoutMs: number;
	readonly signal: AbortSignal;
}

/** One QUIC connection or WebTransport session. @throws DialError */
export async function dialQuic(attempt: QuicAttempt): Promise<Connection> {
	const { engine, target, timeoutMs, signal, options } = attempt;
	const common = {
		addresses: await resolveHost(target),
		serverName: target.host,
		verify: verifyOptions(attempt.tls),
		...(attempt.tls.certificate !== undefined && { certificate: attempt.tls.certificate }),
		timeoutMs,
		signal,
		...(options.transport !== undefined && { transport: options.transport }),
	};
	try {
		return await engine.connect({ ...common, ...session(attempt) });
	} catch (error) {
		throw translate(error, attempt);
	}
}

/** The engine of this process, loaded when first asked for; a text says why there is none. */
export function sharedEngine(): Engine | string {
	shared ??= Engine.load();
	return "missing" in shared ? shared.missing : shared;
}

let shared: ReturnType<typeof Engine.load> | undefined;

function session({ kind, target, versions, options }: QuicAttempt): Partial<ConnectOptions> {
	const protocols = protocolsOf(versions);
	if (kind === "quic") return { protocols };
	const host = target.host.includes(":") ? `[${target.host}]` : target.host;
	return {
		webtransport: {
			url: `https://${host}:${target.port}${target.path}`,
			protocols,
			...(options.authorization !== undefined && { authorization: `Bearer ${options.authorization}` }),
		},
	};
}

function verifyOptions(tls: DialTls): VerifyOptions {
	const { roots = [], systemRoots = roots.length === 0, fingerprints = [], disableVerify = false } = tls;
	return {
		...(roots.length > 0 && { roots: roots.join("\n") }),
		system: systemRoots,
		...(fingerprints.length > 0 && { fingerprints }),
		disabled: disableVerify,
	};
}

/** The one place where the engine's failures become ours. */
function translate(error: unknown, { target: { shown, host }, timeoutMs, signal }: QuicAttempt): DialError {
	if (!(error instanceof ConnectError))
		return new DialError("protocol", `${shown}: ${String(error)}`, { cause: error });
	const cause = { cause: error };
	const late = `${shown} did not answer over QUIC within ${timeoutMs / 1000} s`;
	switch (error.kind) {
		case "timeout":
			return new DialError("timeout", late, cause);
		case "unreachable":
			return new DialError("unreachable", `nobody listens for QUIC at ${shown}`, cause);
		case "certificate":
			return new DialError("certificate", `the certificate of ${host} was not accepted: ${error.message}`, cause);
		case "status":
			return statusError(shown, error.status ?? 0);
		case "aborted":
			if (isTimeout(signal)) return new DialError("timeout", late, cause);
			return new DialError("aborted", "dialling was given up", cause);
		case "options":
			return new DialError("url", `${shown} cannot be dialled: ${error.message}`, cause);
		case "closed":
			if (error.code === UNAUTHORIZED) return statusError(shown, 401);
			return new DialError("protocol", `${shown} closed the connection: ${error.message}`, cause);
		default:
			return new DialError("protocol", `${shown}: ${error.message}`, cause);
	}
}

/** Session code 6. */
const UNAUTHORIZED = 6;
