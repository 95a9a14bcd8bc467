import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  adoptContainerFolder,
  isContainerClaimed,
  nameHolder,
  newContainerId,
  openContainerFolder,
  publishContainerFolder,
  readContainerFolders,
  releaseName,
  reservedNames,
  reserveName,
  retireContainerFolder,
  type StateRoots,
} from '../../../src/state/index.ts';

/** A pid that no process has, with a start time that none had. */
const deadOwner = `${spawnSync('true').pid}-1`;

describe('container folders and names', () => {
  let roots: StateRoots;

  beforeEach(() => {
    const base = mkdtempSync(join(tmpdir(), 'coracle-state-'));
    roots = { data: join(base, 'data'), run: join(base, 'run') };
  });
  afterEach(() => rmSync(join(roots.data, '..'), { recursive: true }));

  it('a container exists between publishing and retiring its folder, and at no other time', () => {
    const id = newContainerId();
    openContainerFolder(roots, id);
    expect(readContainerFolders(roots).ids).to.deep.equal([]);
    expect(isContainerClaimed(roots, id)).to.equal(true);
    publishContainerFolder(roots, id);
    expect(readContainerFolders(roots)).to.deep.equal({ ids: [id], unsettled: [] });
    expect(retireContainerFolder(roots, id)).to.match(/\.gone$/);
    expect(readContainerFolders(roots).ids).to.deep.equal([]);
    expect(isContainerClaimed(roots, id)).to.equal(false);
    expect(retireContainerFolder(roots, id)).to.equal(undefined);
  });

  it('a folder is adopted only once its owner is dead', () => {
    const id = newContainerId();
    openContainerFolder(roots, id);
    const [own] = readContainerFolders(roots).unsettled;
    expect(own && adoptContainerFolder(roots, own)).to.equal(undefined);
    const other = newContainerId();
    mkdirSync(join(roots.data, 'containers', `${other}.${deadOwner}.new`));
    const left = readContainerFolders(roots).unsettled.find((folder) => folder.id === other);
    if (left === undefined) throw new Error('the left-over folder was not listed');
    const adopted = adoptContainerFolder(roots, left);
    expect(adopted).to.match(/\.gone$/);
    expect(adoptContainerFolder(roots, left), 'a second time').to.equal(undefined);
  });

  it('a name belongs to the first who reserves it', () => {
    const [first, second] = [newContainerId(), newContainerId()];
    openContainerFolder(roots, first);
    openContainerFolder(roots, second);
    expect(reserveName(roots, 'todo-web-1', first)).to.equal(undefined);
    expect(reserveName(roots, 'todo-web-1', second)).to.equal(first);
    releaseName(roots, 'todo-web-1', second);
    expect(nameHolder(roots, 'todo-web-1'), 'released by a stranger').to.equal(first);
    releaseName(roots, 'todo-web-1', first);
    expect(reservedNames(roots)).to.deep.equal([]);
  });

  it('a name whose holder was never finished, or is gone, is taken over', () => {
    const [stale, next] = [newContainerId(), newContainerId()];
    mkdirSync(join(roots.data, 'names'), { recursive: true });
    symlinkSync(`../containers/${stale}`, join(roots.data, 'names', 'db'));
    mkdirSync(join(roots.data, 'containers', `${stale}.${deadOwner}.new`), { recursive: true });
    openContainerFolder(roots, next);
    expect(reserveName(roots, 'db', next)).to.equal(undefined);
    expect(reservedNames(roots)).to.deep.equal([{ name: 'db', id: next }]);
    expect(readdirSync(join(roots.data, 'names'))).to.deep.equal(['db']);
  });
});
