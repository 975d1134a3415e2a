/**
 * The authorities whose client certificates are taken, for each listener.
 * @module
 */
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { ConfigError } from "../config/config-error.ts";
import type { RelayConfig } from "../config/relay-config.ts";
import type { IdentitySet } from "./identities.ts";
import { PEM_BYTES_MAX } from "./limits.ts";

/** PEM by listener; undefined where no client certificate is asked for. */
export type ClientRoots = Readonly<Record<IdentitySet, string | undefined>>;

/** Read what the settings name. @throws ConfigError that names the file */
export async function readClientRoots({ server, web, cluster }: RelayConfig): Promise<ClientRoots> {
	const own = await readRoots(server.tls.root, "server.tls.root");
	return {
		server: own,
		https: await readRoots(web.https.root, "web.https.root"),
		cluster: cluster.tls.root.length === 0 ? own : await readRoots(cluster.tls.root, "cluster.tls.root"),
	};
}

async function readRoots(files: readonly string[], key: string): Promise<string | undefined> {
	if (files.length === 0) return undefined;
	const texts = await Promise.all(files.map((file) => readRoot(file, key)));
	return texts.join("\n");
}

async function readRoot(file: string, key: string): Promise<string> {
	let text: string;
	try {
		if ((await stat(file)).size > PEM_BYTES_MAX) throw new RangeError("too large");
		text = await readFile(file, "utf8");
	} catch (error) {
		const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
		throw new ConfigError([{ origin: undefined, key, message: `${file} cannot be read (${code})` }]);
	}
	try {
		// A bundle is read from its first certificate on; the others are looked at by TLS.
		new X509Certificate(text);
	} catch {
		// OpenSSL's own message says nothing that an operator could use.
		throw new ConfigError([{ origin: undefined, key, message: `${file} is not a PEM certificate` }]);
	}
	return text;
}
