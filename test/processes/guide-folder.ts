/** The production guide's three files with only hosts, ports and paths changed, and the keys and certificates that they name. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeThrowAway } from "@moq-relay/relay";
import { formatKey, generateKey, type Key, signToken } from "@moq-relay/token";
import { lastingPort } from "./lasting-port.ts";
import { type NodePlan, RelayNode } from "./relay-node.ts";

/** One of the guide's files. */
export type GuideFile = "origin" | "regional" | "edge";

/** Where a relay stands, if not on a free port of loopback. */
export interface GuideSeat {
	readonly host?: string;
	readonly port?: number;
	readonly internalPort?: number;
	readonly namespace?: string;
	/** Flags beyond the file. */
	readonly flags?: readonly string[];
}

/** A folder for one cluster, and its relays; all of it goes with the disposal. */
export class GuideFolder implements AsyncDisposable {
	readonly #folder: string;
	readonly #key: Key;
	readonly #clusterToken: string;
	readonly nodes: RelayNode[] = [];
	#origin = "";

	private constructor(folder: string, key: Key, clusterToken: string) {
		this.#folder = folder;
		this.#key = key;
		this.#clusterToken = clusterToken;
	}

	/** Make keys, a certificate for these hosts, and the token of the cluster. */
	static async create(hosts: readonly string[] = ["localhost", "127.0.0.1"]): Promise<GuideFolder> {
		const folder = await mkdtemp(join(tmpdir(), "moq-cluster-"));
		const key = await generateKey({ algorithm: "ES256" });
		const { chain, key: tlsKey } = await makeThrowAway(hosts, Date.now());
		await writeFile(join(folder, "secret.jwk"), formatKey(key, "json"), { mode: 0o600 });
		await writeFile(join(folder, "public.jwk"), formatKey(key.toPublic(), "json"));
		await writeFile(join(folder, "fullchain.pem"), chain);
		await writeFile(join(folder, "privkey.pem"), tlsKey, { mode: 0o600 });
		return new GuideFolder(folder, key, await signToken(key, { ...EVERYTHING, cluster: true }));
	}

	/** A token for a person. */
	token(publish: readonly string[], subscribe: readonly string[]): Promise<string> {
		return signToken(this.#key, { root: "", publish, subscribe, cluster: false });
	}

	/** The URL of a relay for people. */
	async url(node: RelayNode, path: string, grant?: { publish: string[]; subscribe: string[] }): Promise<URL> {
		const url = new URL(path, node.url);
		if (grant !== undefined) url.searchParams.set("jwt", await this.token(grant.publish, grant.subscribe));
		return url;
	}

	/** Write the file for one more relay; the origin comes first. It is not started. */
	async add(file: GuideFile, seat: GuideSeat = {}): Promise<RelayNode> {
		const { host = "127.0.0.1", namespace, flags = [] } = seat;
		const port = seat.port ?? (await lastingPort());
		const internalPort = seat.internalPort ?? (await lastingPort());
		if (file === "origin") this.#origin = `https://${host}:${port}`;
		const printed = await readFile(new URL(`${file}.toml`, PRINTED), "utf8");
		const text = printed
			.replaceAll(/\/etc\/letsencrypt\/live\/[^/]+|\/etc\/moq/g, this.#folder)
			.replaceAll("[::]:443", `${host}:${port}`)
			.replaceAll("https://origin.example.com", this.#origin)
			.replaceAll(/https:\/\/\w+\.example\.com/g, `https://${host}:${port}`)
			.replaceAll("CLUSTER_TOKEN", this.#clusterToken);
		const name = `${file} ${this.nodes.length}`;
		const path = join(this.#folder, `${file}-${this.nodes.length}.toml`);
		await writeFile(path, text);
		const operators = ["--internal-listen", `${host}:${internalPort}`];
		const args = [path, ...operators, "--client-tls-disable-verify=true", "--log-level", "info", ...flags];
		const plan: NodePlan = { name, host, port, internalPort, args, ...(namespace !== undefined && { namespace }) };
		const node = new RelayNode(plan);
		this.nodes.push(node);
		return node;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await Promise.all(this.nodes.map((node) => node[Symbol.asyncDispose]()));
		await rm(this.#folder, { recursive: true });
	}
}

const EVERYTHING = { root: "", publish: [""], subscribe: [""] };
const PRINTED = new URL("../../packages/relay/src/config/fixtures/", import.meta.url);
