/**
 * Clusters for tests, made of the production guide's three files with only hosts, ports and paths changed.
 * @module
 */
import { createSocket } from "node:dgram";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { makeThrowAway } from "../tls/throw-away.ts";
import { type StartedRelay, startAs } from "./started-relay.ts";

/** One of the guide's files. */
export type GuideFile = "origin" | "regional" | "edge";

/** A folder with keys and certificates, and the relays that use them. */
export class GuideCluster implements AsyncDisposable {
	readonly folder: string;
	readonly key: Key;
	/** What `CLUSTER_TOKEN` stands for. */
	readonly clusterToken: string;
	readonly #relays: StartedRelay[] = [];
	#originPort = 0;

	private constructor(folder: string, key: Key, clusterToken: string) {
		this.folder = folder;
		this.key = key;
		this.clusterToken = clusterToken;
	}

	/** Make keys and a certificate. */
	static async create(): Promise<GuideCluster> {
		const folder = await mkdtemp(join(tmpdir(), "moq-guide-"));
		const key = await generateKey({ algorithm: "ES256" });
		const { chain, key: tlsKey } = await makeThrowAway(["localhost", "127.0.0.1"], Date.now());
		await writeFile(join(folder, "secret.jwk"), formatKey(key, "json"), { mode: 0o600 });
		await writeFile(join(folder, "public.jwk"), formatKey(key.toPublic(), "json"));
		await writeFile(join(folder, "fullchain.pem"), chain);
		await writeFile(join(folder, "privkey.pem"), tlsKey, { mode: 0o600 });
		return new GuideCluster(folder, key, await signToken(key, { ...EVERYTHING, cluster: true }));
	}

	/** A token for a person. */
	token(publish: readonly string[], subscribe: readonly string[]): Promise<string> {
		return signToken(this.key, { root: "", publish, subscribe, cluster: false });
	}

	/** Start a relay from one of the files; `port` as before for one that returns. The origin comes first. */
	async start(file: GuideFile, port?: number, ...flags: readonly string[]): Promise<StartedRelay> {
		const own = port ?? (await freePort());
		if (file === "origin") this.#originPort = own;
		const printed = await readFile(new URL(`../config/fixtures/${file}.toml`, import.meta.url), "utf8");
		const text = printed
			.replaceAll(/\/etc\/letsencrypt\/live\/[^/]+|\/etc\/moq/g, this.folder)
			.replaceAll("[::]:443", `127.0.0.1:${own}`)
			.replaceAll("https://origin.example.com", `https://127.0.0.1:${this.#originPort}`)
			.replaceAll(/https:\/\/\w+\.example\.com/g, `https://127.0.0.1:${own}`)
			.replaceAll("CLUSTER_TOKEN", this.clusterToken);
		const path = join(this.folder, `${file}-${own}.toml`);
		await writeFile(path, text);
		const relay = await startAs(path, "--log-level", "debug", ...TRUST, ...flags);
		this.#relays.push(relay);
		return relay;
	}

	/** End one relay; ended ones are ended once. */
	async stop(relay: StartedRelay): Promise<void> {
		this.#relays.splice(this.#relays.indexOf(relay), 1);
		await relay[Symbol.asyncDispose]();
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.#relays.map((relay) => relay[Symbol.asyncDispose]()));
		await rm(this.folder, { recursive: true });
	}
}

/** A port that is free for UDP and TCP; who wants it must be quick. */
export async function freePort(): Promise<number> {
	for (;;) {
		const tcp = createServer();
		const port = await new Promise<number>((resolve) => {
			tcp.listen(0, "127.0.0.1", () => resolve((tcp.address() as { port: number }).port));
		});
		const udp = createSocket("udp4");
		const isFree = await new Promise<boolean>((resolve) => {
			udp.once("error", () => resolve(false));
			udp.bind(port, "127.0.0.1", () => udp.close(() => resolve(true)));
		});
		await new Promise((resolve) => tcp.close(resolve));
		if (isFree) return port;
	}
}

const EVERYTHING = { root: "", publish: [""], subscribe: [""] };
const TRUST = ["--client-tls-disable-verify=true"];
