/** Pictures to let pass before gaps count: a player settles its buffer first. */
const SETTLING = 30;

/** Runs in the browser: looks at a canvas before each repaint and counts the pictures that differ from the one before. */
export class PaintCounter {
	readonly #canvas: HTMLCanvasElement;
	readonly #context: OffscreenCanvasRenderingContext2D;
	#last = "";
	#changedAt = 0;
	/** New pictures so far; the first two may be the empty canvas. */
	painted = 0;
	/** Longest time between two new pictures, in ms, once settled; the one under way included. */
	#longestGapMs = 0;

	constructor(canvas: HTMLCanvasElement) {
		const context = new OffscreenCanvas(32, 18).getContext("2d", { willReadFrequently: true });
		if (context === null) throw new TypeError("no 2D context");
		this.#canvas = canvas;
		this.#context = context;
		this.#look();
	}

	get longestGapMs(): number {
		const open = this.painted > SETTLING ? performance.now() - this.#changedAt : 0;
		return Math.max(this.#longestGapMs, open);
	}

	#look(): void {
		requestAnimationFrame(() => this.#look());
		if (this.#canvas.width === 0 || this.#canvas.height === 0) return;
		this.#context.drawImage(this.#canvas, 0, 0, 32, 18);
		const seen = this.#context.getImageData(0, 0, 32, 18).data.join();
		if (seen === this.#last) return;
		this.#last = seen;
		this.#longestGapMs = this.longestGapMs;
		this.painted += 1;
		this.#changedAt = performance.now();
	}
}
