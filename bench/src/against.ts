/**
 * `--against REF`: the project at another commit, in a folder of its own, built there.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./arm.ts";

/** A checked-out and built commit; disposing of it removes it. */
export class Against implements Disposable {
	readonly folder: string;

	/** Check out and build `ref`; minutes where nothing of it is cached. @throws Error when it does not build. */
	constructor(ref: string) {
		this.folder = join(mkdtempSync(join(tmpdir(), "moq-bench-")), "base");
		const shown = { cwd: ROOT, stdio: "inherit" } as const;
		execFileSync("git", ["worktree", "add", "--detach", this.folder, ref], shown);
		const build = 'import("./scripts/bootstrap.js").then((bootstrap) => bootstrap.build({ engine: "required" }))';
		execFileSync(process.execPath, ["-e", build], { cwd: this.folder, stdio: "inherit" });
	}

	[Symbol.dispose](): void {
		execFileSync("git", ["worktree", "remove", "--force", this.folder], { cwd: ROOT });
		rmSync(join(this.folder, ".."), { recursive: true, force: true });
	}
}
