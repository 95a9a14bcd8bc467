import { expect } from 'chai';
import type { ContainerCreateOptions } from '../../../../src/engine/api.ts';
import {
  type ImageDefaults,
  mergeImageConfig,
} from '../../../../src/engine/create/merge-image-config.ts';

const merge = (options: ContainerCreateOptions, image: ImageDefaults = { Cmd: ['sh'] }) =>
  mergeImageConfig(options, image, 'host');

describe('merging the image configuration', () => {
  const both: ImageDefaults = { Entrypoint: ['/entry'], Cmd: ['serve'] };

  const commands: [string, ContainerCreateOptions, string[] | null, string[] | null][] = [
    ['nothing given: both of the image', {}, ['/entry'], ['serve']],
    ['a command replaces the command', { Cmd: ['x'] }, ['/entry'], ['x']],
    ['an entrypoint replaces it and keeps the command', { Entrypoint: ['e'] }, ['e'], null],
    ['both given', { Entrypoint: ['e'], Cmd: ['x'] }, ['e'], ['x']],
    ['an entrypoint as one string', { Entrypoint: 'e' }, ['e'], null],
    ['an empty word switches it off', { Entrypoint: [''], Cmd: ['x'] }, null, ['x']],
    ['an empty list hides it, the command stays', { Entrypoint: [] }, [], ['serve']],
  ];
  for (const [name, options, entrypoint, command] of commands) {
    it(name, () => {
      const { Entrypoint, Cmd } = merge(options, both);
      expect({ Entrypoint, Cmd }).to.deep.equal({ Entrypoint: entrypoint, Cmd: command });
    });
  }

  it('refuses a container that has nothing to run', () => {
    expect(() => merge({}, {})).to.throw('no command specified');
    expect(() => merge({ Entrypoint: [''] }, both)).to.throw('no command specified');
  });

  it('puts own variables first and adds those of the image that are not named', () => {
    const { Env } = merge(
      { Env: ['A=1', 'UNSET'] },
      { Cmd: ['x'], Env: ['A=0', 'B=2', 'UNSET=3'] },
    );
    expect(Env).to.deep.equal(['A=1', 'UNSET', 'B=2']);
  });

  it('unites labels, volumes and exposed ports by key, the own label winning', () => {
    const config = merge(
      { Labels: { a: 'own' }, Volumes: { '/v': {} }, ExposedPorts: { '80/tcp': {} } },
      {
        Cmd: ['x'],
        Labels: { a: 'image', b: 'image' },
        Volumes: { '/w': {} },
        ExposedPorts: { '90/tcp': {} },
      },
    );
    expect(config.Labels).to.deep.equal({ a: 'own', b: 'image' });
    expect(Object.keys(config.Volumes ?? {})).to.have.members(['/v', '/w']);
    expect(Object.keys(config.ExposedPorts ?? {})).to.have.members(['80/tcp', '90/tcp']);
  });

  it('fills what a healthcheck leaves open from the image', () => {
    const image: ImageDefaults = {
      Cmd: ['x'],
      Healthcheck: { Test: ['CMD', 'check'], Interval: 5e9, Retries: 7 },
    };
    expect(merge({}, image).Healthcheck).to.deep.equal(image.Healthcheck);
    expect(merge({ Healthcheck: { Interval: 1e9 } }, image).Healthcheck).to.deep.equal({
      Test: ['CMD', 'check'],
      Interval: 1e9,
      Retries: 7,
    });
    expect(merge({ Healthcheck: { Test: ['NONE'] } }, image).Healthcheck?.Test).to.deep.equal([
      'NONE',
    ]);
  });

  it('takes user, folder, stop signal and stop time of the image where none is given', () => {
    const image: ImageDefaults = {
      Cmd: ['x'],
      User: 'mysql',
      WorkingDir: '/srv',
      StopSignal: 'SIGQUIT',
      StopTimeout: 60,
    };
    expect(merge({}, image)).to.include({
      User: 'mysql',
      WorkingDir: '/srv',
      StopSignal: 'SIGQUIT',
      StopTimeout: 60,
    });
    expect(merge({ User: 'root', StopTimeout: 0 }, image)).to.include({
      User: 'root',
      StopTimeout: 0,
    });
  });
});
