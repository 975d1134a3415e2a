/** Relays that take each other for relays: a key, a token of the cluster, and processes that link to each other. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatKey, generateKey, signToken } from "@moq-relay/token";
import { freePort, RelayProcess } from "../relay-process.ts";

/** The relays of one test, open to everyone; all of it goes with the disposal. */
export class Site implements AsyncDisposable {
	/** For whatever files a test makes. */
	readonly folder: string;
	readonly #relays: RelayProcess[] = [];

	private constructor(folder: string) {
		this.folder = folder;
	}

	/** Make the key and the token. */
	static async create(): Promise<Site> {
		const folder = mkdtempSync(join(tmpdir(), "moq-redundancy-"));
		const key = await generateKey({ algorithm: "ES256" });
		writeFileSync(join(folder, "public.jwk"), formatKey(key.toPublic(), "json"));
		const token = await signToken(key, { root: "", publish: [""], subscribe: [""], cluster: true });
		writeFileSync(join(folder, "cluster.jwt"), token, { mode: 0o600 });
		return new Site(folder);
	}

	/** Start a relay that links to others, the first of them preferred; on a port that it had before, or a free one. */
	async relay(parents: readonly RelayProcess[] = [], port?: number): Promise<RelayProcess> {
		const links = parents.flatMap((parent, at) => {
			return ["--cluster-connect", `https://127.0.0.1:${parent.port}/?cost=${1 + at}`];
		});
		const secrets = [
			"--auth-key",
			join(this.folder, "public.jwk"),
			"--cluster-token",
			join(this.folder, "cluster.jwt"),
		];
		const flags = [...secrets, "--auth-public", "", "--client-tls-disable-verify", "--log-level", "info", ...links];
		const relay = await RelayProcess.start(flags, { port: port ?? (await freePort()) });
		this.#relays.push(relay);
		return relay;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.#relays.map((relay) => relay.stop("SIGKILL")));
		rmSync(this.folder, { recursive: true });
	}
}
