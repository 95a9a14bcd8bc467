import { expect } from 'chai';
import { parseSockets } from '../../../src/engine/observe/listening.ts';

describe('listening sockets of a namespace', () => {
  it('are read from the tables of proc', () => {
    const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   999        0 5 1 0 100 0 0 10 0
   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 6 1 0 100 0 0 10 0
   2: 0200C80A:0CEA 0300C80A:D0F2 01 00000000:00000000 00:00000000 00000000   999        0 7 1 0 100 0 0 10 0
`;
    const tcp6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A
   2: 0000000000000000FFFF00000100007F:0052 00000000000000000000000000000000:0000 0A
`;
    expect(parseSockets(tcp)).to.deep.equal([
      { port: 3306, isLoopback: false },
      { port: 8080, isLoopback: true },
    ]);
    expect(parseSockets(tcp6)).to.deep.equal([
      { port: 80, isLoopback: false },
      { port: 81, isLoopback: true },
      { port: 82, isLoopback: true },
    ]);
    expect(parseSockets('')).to.deep.equal([]);
  });
});
