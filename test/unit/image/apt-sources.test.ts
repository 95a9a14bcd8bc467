import { expect } from 'chai';
import {
  formatAptSource,
  parseDeb822,
  parseOneLine,
  sourcesOf,
} from '../../../src/image/bootstrap/apt-sources.ts';

const deb822 = `# a comment
Types: deb deb-src
URIs: http://deb.example.org/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb
URIs: http://deb.example.org/debian-security
Suites: bookworm-security
Components: main contrib

Types: deb
URIs: https://vendor.example.com/node_20.x
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main
`;

describe('apt sources', () => {
  it('takes a release with its updates and security fixes, and nobody else', () => {
    const lines = sourcesOf(parseDeb822(deb822), 'bookworm').map(formatAptSource);
    expect(lines).to.deep.equal([
      'deb [signed-by=/usr/share/keyrings/archive.gpg] http://deb.example.org/debian bookworm main',
      'deb [signed-by=/usr/share/keyrings/archive.gpg] http://deb.example.org/debian bookworm-updates main',
      'deb http://deb.example.org/debian-security bookworm-security main contrib',
    ]);
  });

  it('reads one-line sources with options and comments', () => {
    const text = [
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/ubuntu noble main universe # here',
      '# deb http://mirror.example/ubuntu jammy main',
      'deb-src http://mirror.example/ubuntu noble main',
      'deb https://vendor.example/stable ./',
    ].join('\n');
    expect(sourcesOf(parseOneLine(text), 'noble').map(formatAptSource)).to.deep.equal([
      'deb [signed-by=/k.gpg] http://mirror.example/ubuntu noble main universe',
    ]);
  });

  it('takes a mirror of any name where the usual ones are not there', () => {
    const sources = parseOneLine('deb http://proxy.example/apt-remote bookworm main');
    expect(sourcesOf(sources, 'bookworm')).to.have.length(1);
    expect(sourcesOf(sources, 'trixie')).to.have.length(0);
  });
});
