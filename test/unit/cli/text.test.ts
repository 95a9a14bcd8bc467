import { expect } from 'chai';
import { formatPorts } from '../../../src/cli/container-listing.ts';
import { safeLine } from '../../../src/cli/logs/log-line.ts';
import { nearestName } from '../../../src/cli/nearest-name.ts';
import { formatBytes } from '../../../src/cli/text/format-bytes.ts';
import { formatTable } from '../../../src/cli/text/table.ts';
import { humanDuration } from '../../../src/core/index.ts';

const esc = '\u001b';

describe('text for the terminal', () => {
  it('spans read as Docker writes them', () => {
    const seconds = (value: number) => humanDuration(value * 1000);
    expect(seconds(0.4)).to.equal('Less than a second');
    expect(seconds(1)).to.equal('1 second');
    expect(seconds(59)).to.equal('59 seconds');
    expect(seconds(60)).to.equal('About a minute');
    expect(seconds(600)).to.equal('10 minutes');
    expect(seconds(3600)).to.equal('About an hour');
    expect(seconds(47 * 3600)).to.equal('47 hours');
    expect(seconds(72 * 3600)).to.equal('3 days');
    expect(seconds(21 * 86400)).to.equal('3 weeks');
    expect(seconds(90 * 86400)).to.equal('3 months');
  });

  it('tables pad every column but the last, three spaces apart', () => {
    expect(formatTable(['NAME', 'PORTS'], [['todo-mysql-1', '3306/tcp']])).to.equal(
      'NAME           PORTS\ntodo-mysql-1   3306/tcp\n',
    );
  });

  it('an empty table has Docker’s least widths', () => {
    expect(formatTable(['NAME', 'IMAGE', 'PORTS'], [])).to.equal('NAME      IMAGE     PORTS\n');
  });

  it('ports are sorted and addresses of IPv6 bracketed', () => {
    expect(
      formatPorts([
        { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { PrivatePort: 53, Type: 'udp' } as never,
      ]),
    ).to.equal('53/udp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp');
  });

  it('sizes have three digits', () => {
    expect([0, 999, 1980000, 412_345, 66_000_000_000].map(formatBytes)).to.deep.equal([
      '0B',
      '999B',
      '1.98MB',
      '412kB',
      '66GB',
    ]);
  });

  it('finds the command that was meant', () => {
    expect(nearestName('pus', ['ps', 'push', 'up'])).to.equal('ps');
    expect(nearestName('lgos', ['logs', 'ls'])).to.equal('logs');
    expect(nearestName('frobnicate', ['logs', 'ls'])).to.equal(undefined);
  });
});

describe('a log line behind a prefix', () => {
  it('keeps plain text as it is', () => {
    expect(safeLine('GET /items 200\t3 ms – ünïcode')).to.equal('GET /items 200\t3 ms – ünïcode');
  });

  it('keeps colours and closes them at its end', () => {
    expect(safeLine(`${esc}[31mred`)).to.equal(`${esc}[31mred${esc}[0m`);
  });

  it('loses whatever could write over a prefix', () => {
    const attacks = [
      `${esc}[1A${esc}[2Kdb-1  | forged`,
      `\rdb-1  | forged`,
      `\b\b\b\b\b\b\b\b\bdb-1  | forged`,
      `${esc}]0;title\u0007db-1  | forged`,
      `${esc}Pq#0${esc}\\db-1  | forged`,
      `\u009b1Adb-1  | forged`,
      `${esc}cdb-1  | forged`,
      `${esc}[5;5Hdb-1  | forged`,
    ];
    for (const attack of attacks)
      expect(safeLine(attack), JSON.stringify(attack)).to.equal('db-1  | forged');
  });
});
