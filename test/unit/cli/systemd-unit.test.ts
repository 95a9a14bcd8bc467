import { expect } from 'chai';
import { unitText } from '../../../src/cli/coracle/system/unit.ts';

describe('the systemd unit', () => {
  it('runs this very program, on the folders that the user works on', () => {
    const text = unitText(
      {
        ownCommand: ['/usr/bin/node', '/opt/coracle/dist/coracle.cjs'],
        env: { CORACLE_DATA: '/srv/c' },
      },
      '/srv/c',
    );
    expect(text).to.contain(
      '\nExecStart=/usr/bin/node /opt/coracle/dist/coracle.cjs system start\n',
    );
    expect(text).to.contain('\nExecStop=/usr/bin/node /opt/coracle/dist/coracle.cjs system stop\n');
    expect(text).to.contain('\nEnvironment=CORACLE_DATA=/srv/c\n');
    expect(text).to.contain('\nRequiresMountsFor=/srv/c\n');
    expect(text).not.to.contain('CORACLE_RUN');
  });

  it('quotes what systemd would read as something else', () => {
    const ownCommand = ['/usr/bin/node', '/srv/my "apps"/100%/$HOME/coracle.cjs'];
    expect(unitText({ ownCommand, env: {} }, '/d')).to.contain(
      'ExecStart=/usr/bin/node "/srv/my \\"apps\\"/100%%/$$HOME/coracle.cjs" system start',
    );
  });
});
