/** One relay of a cluster, in a process of its own that can be killed, frozen and started again in the same place. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { eventually } from "../rust/eventually.ts";

const MAIN = fileURLToPath(new URL("../../packages/relay/src/main.ts", import.meta.url));
/** A start may share the machine with a dozen others, in ms. */
const START_MS = 60_000;
const LOG_LINES_MAX = 2000;

/** Where a relay runs and how it is started; both stay the same over its lives. */
export interface NodePlan {
	readonly name: string;
	/** Address that others dial; the operators' listener is there too. */
	readonly host: string;
	readonly port: number;
	readonly internalPort: number;
	/** Everything after the command. */
	readonly args: readonly string[];
	/** Network namespace to run in; ours unless given. */
	readonly namespace?: string;
}

/** What `/nodes` says of one other relay. */
export interface SeenNode {
	readonly node: string;
	readonly role?: string;
	readonly parent?: string;
	readonly routes: number;
	readonly connections: readonly {
		readonly direction: string;
		readonly bytes_in: number;
		readonly bytes_out: number;
	}[];
}

/** A relay that has been planned; `start` gives it a process. */
export class RelayNode implements AsyncDisposable {
	readonly plan: NodePlan;
	#child: ChildProcess | undefined;
	#exit: Promise<void> = Promise.resolve();
	/** The last lines that it logged in all its lives. */
	readonly log: string[] = [];

	constructor(plan: NodePlan) {
		this.plan = plan;
	}

	/** The relay's own URL, as it is known in the cluster. */
	get url(): string {
		return `https://${this.plan.host}:${this.plan.port}/`;
	}

	get isRunning(): boolean {
		return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** Begin a life; resolves when the relay takes sessions. @throws Error when it ends before that */
	async start(): Promise<void> {
		const { namespace, args } = this.plan;
		const inside = namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
		const [command = "", ...rest] = [...inside, process.execPath, "-C", "source", MAIN, ...args];
		const child = spawn(command, rest, { stdio: ["ignore", "pipe", "pipe"] });
		this.#child = child;
		this.#exit = new Promise((resolve) => child.once("exit", () => resolve()));
		for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", (line) => this.#keep(line));
		await eventually(async () => {
			if (!this.isRunning) return;
			const answer = await this.#get("/readyz");
			if (!answer.ok) throw new Error(`${this.plan.name} answers ${answer.status}`);
		}, START_MS);
		if (!this.isRunning) throw new Error(`${this.plan.name} ended: ${this.log.slice(-5).join("\n")}`);
	}

	/** Send a signal to the process, such as SIGSTOP and SIGCONT. */
	signal(name: NodeJS.Signals): void {
		this.#child?.kill(name);
	}

	/** End this life; resolves when the process is gone. */
	async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		if (this.isRunning) this.signal(signal);
		await this.#exit;
	}

	/** What the relay knows of the others. */
	async nodes(): Promise<readonly SeenNode[]> {
		const answer = await this.#get("/nodes");
		return ((await answer.json()) as { nodes: readonly SeenNode[] }).nodes;
	}

	/** Sum over the samples of a metric whose labels hold all of `labels`, such as `direction="out"`. */
	async metric(name: string, ...labels: readonly string[]): Promise<number> {
		const text = await (await this.#get("/metrics")).text();
		return text
			.split("\n")
			.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
			.filter((line) => labels.every((label) => line.includes(label)))
			.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
	}

	/** CPU that the process has used, in ms. */
	async cpuMs(): Promise<number> {
		return (await this.metric("process_cpu_seconds_total")) * 1000;
	}

	async [Symbol.asyncDispose](): Promise<void> {
		if (this.isRunning) this.signal("SIGCONT");
		await this.stop("SIGKILL");
	}

	#get(path: string): Promise<Response> {
		const { host, internalPort } = this.plan;
		return fetch(`http://${host}:${internalPort}${path}`, { signal: AbortSignal.timeout(ANSWER_MS) });
	}

	#keep(line: string): void {
		this.log.push(line);
		if (this.log.length > LOG_LINES_MAX) this.log.splice(0, this.log.length - LOG_LINES_MAX);
	}
}

/** An answer that takes longer will not come, in ms. */
const ANSWER_MS = 5000;
