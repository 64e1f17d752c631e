import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

/** Scrapes an address in a thread of its own, as Prometheus does in a process: megabytes of text must not hold up who measures. */
export class Scraper implements AsyncDisposable {
  readonly #worker = new Worker(import.meta.filename);

  /** Takes all of an answer. @returns how long that took, milliseconds. */
  async scrape(url: string): Promise<number> {
    const answered = once(this.#worker, 'message');
    this.#worker.postMessage(url);
    const [ms] = (await answered) as [number];
    return ms;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

if (!isMainThread)
  parentPort?.on('message', (url: string) => {
    const startMs = performance.now();
    void fetch(url)
      .then((answer) => answer.bytes())
      .then(() => parentPort?.postMessage(performance.now() - startMs));
  });
