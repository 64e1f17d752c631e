import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerCollectors } from '../../../statsd/collectors/index.ts';
import { AncestorFiles } from '../../../statsd/io/ancestor-files.ts';
import { FilePool } from '../../../statsd/io/kernel-file.ts';
import { LiveContainer } from '../../../statsd/io/live-container.ts';
import type { CgroupMount, Hierarchy } from '../../../statsd/model/hierarchy.ts';
import { identityOf } from '../../../statsd/model/identity.ts';
import type { Tick } from '../../../statsd/model/reading.ts';

/** By file; one that is `undefined` stays as it is. */
export type Texts = Readonly<Record<string, string | undefined>>;

/** A tree of plain files that looks like cgroups of one version. */
export class FakeTree implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'weft-test-quick-'));
  readonly hierarchy: Hierarchy;
  readonly pool: FilePool;
  readonly collectors = containerCollectors({ slavesOf: () => [], trustsEmptyV1: () => true, hugePageSizes: [] });
  /** What parents say is believed for a millisecond of this. */
  nowMs = 0;
  readonly #containers: LiveContainer[] = [];

  constructor(version: 1 | 2, cap = 1000) {
    const mount = (controllers: readonly string[]): CgroupMount => ({
      version,
      mountPoint: this.root,
      controllers,
      root: '/',
    });
    const discovery = mount(version === 1 ? ['cpu', 'cpuacct', 'memory', 'pids', 'blkio', 'freezer'] : []);
    const both = { discovery, unified: version === 2 ? discovery : undefined, v1: version === 1 ? [discovery] : [] };
    this.hierarchy = { mode: version === 1 ? 'v1' : 'v2', ...both };
    this.pool = new FilePool(cap);
  }

  write(name: string, texts: Texts): void {
    mkdirSync(join(this.root, name), { recursive: true });
    for (const [file, text] of Object.entries(texts))
      if (text !== undefined) writeFileSync(join(this.root, name, file), text);
  }

  container(name: string): LiveContainer {
    const { hierarchy, pool } = this;
    const container = new LiveContainer({
      ...{
        key: name,
        id: name,
        runtime: 'docker',
        parent: undefined,
        identity: identityOf([], { id: name, kind: 'container', labels: [] }),
        cgroupPath: `/${name}`,
        cgroupInode: 1,
      },
      ...{ hierarchy, pool, past: 'none', populationChanged: () => undefined },
      ancestors: new AncestorFiles(pool, { nowMs: () => this.nowMs, maxAgeMs: 1 }),
      collectors: this.collectors,
    });
    this.#containers.push(container);
    return container;
  }

  [Symbol.dispose](): void {
    for (const container of this.#containers) container[Symbol.dispose]();
    rmSync(this.root, { recursive: true });
  }
}

export function collect(container: LiveContainer, tick: Tick): void {
  container.begin();
  for (let collector = 0; collector < container.readers.count; collector += 1) container.collect(collector, tick);
  container.settle(0);
}
