/** An element of page.html by id and class; the page and its script ship together, so a missing one is a fault of ours. */
export function part<E extends HTMLElement>(id: string, kind: abstract new () => E): E {
	const found = document.getElementById(id);
	if (!(found instanceof kind)) throw new TypeError(`the page has no #${id}`);
	return found;
}

/** Show a sentence above the tabs, or take it away. */
export function showProblem(problem: string | undefined): void {
	const line = part("problem", HTMLElement);
	line.hidden = problem === undefined;
	line.textContent = problem ?? "";
}
