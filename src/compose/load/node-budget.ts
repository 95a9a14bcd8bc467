/** Values that one load may make, over all its files; far beyond what any project has. */
const mostNodes = 600_000;

/** Keeps small files from growing without bound through aliases, `extends` and many documents. */
export class NodeBudget {
  #left = mostNodes;
  #isReported = false;

  /** @returns false once the load has made more values than it may. */
  spend(nodes: number): boolean {
    this.#left -= nodes;
    return this.#left >= 0;
  }

  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** True the first time that it is asked after the budget was spent: for the one report of it. */
  takeReport(): boolean {
    const isFirst = this.isSpent && !this.#isReported;
    this.#isReported ||= isFirst;
    return isFirst;
  }
}
