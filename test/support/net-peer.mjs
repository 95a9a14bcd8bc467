/**
 * A TCP or UDP peer that tests start inside network namespaces.
 *   serve tcp|udp HOST PORT NAME   prints {"ready":true,"port":N}, answers every client with {"name","from"}
 *   ask tcp|udp HOST PORT MS [LOCALPORT]   prints the answer, or {"error":"ECONNREFUSED"|"TIMEOUT"|…}
 *   bind tcp|udp HOST PORT reuse|exclusive   prints {"ok":true} or {"error":"EADDRINUSE"}
 *   time-wait PORT                leaves a connection in TIME_WAIT on that port of 127.0.0.1
 */
import dgram from 'node:dgram';
import net from 'node:net';

const [command, protocol, host, port, extra, localPort] = process.argv.slice(2);
const family = host?.includes(':') ? 'udp6' : 'udp4';
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const finish = (value) => {
  print(value);
  process.exit(0);
};

function serve() {
  const answer = (from) => JSON.stringify({ name: extra, from: from.replace('::ffff:', '') });
  if (protocol === 'udp') {
    const socket = dgram.createSocket(family);
    socket.on('message', (_, { address, port: to }) => socket.send(answer(address), to, address));
    socket.bind(Number(port), host, () => print({ ready: true, port: socket.address().port }));
    return;
  }
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // The question is echoed behind the answer, so that long streams can be checked too.
    socket.write(`${answer(socket.remoteAddress ?? '')}\n`);
    socket.pipe(socket);
  });
  server.listen(Number(port), host, () => print({ ready: true, port: server.address().port }));
}

function ask() {
  setTimeout(() => finish({ error: 'TIMEOUT' }), Number(extra));
  if (protocol === 'udp') {
    const socket = dgram.createSocket(family);
    socket.on('message', (bytes) => finish(JSON.parse(bytes.toString())));
    socket.on('error', (error) => finish({ error: error.code }));
    socket.bind(localPort ? Number(localPort) : 0, () => {
      socket.connect(Number(port), host, () => socket.send('?'));
    });
    return;
  }
  const socket = net.connect({ host, port: Number(port) });
  const sent = 'x'.repeat(300_000);
  let text = '';
  socket.on('error', (error) => finish({ error: error.code }));
  socket.on('connect', () => socket.end(sent));
  socket.on('data', (bytes) => {
    text += bytes.toString();
  });
  socket.on('end', () => {
    const [line = '', echo = ''] = text.split('\n');
    finish(line === '' ? { error: 'EMPTY' } : { ...JSON.parse(line), whole: echo === sent });
  });
}

function bind() {
  const failed = (error) => finish({ error: error.code });
  if (protocol === 'udp') {
    const socket = dgram.createSocket({ type: family, reuseAddr: extra === 'reuse' });
    socket.on('error', failed);
    socket.bind(Number(port), host, () => finish({ ok: true }));
    return;
  }
  // Node's TCP servers always set SO_REUSEADDR, which is the harder case for whoever holds the port.
  const server = net.createServer();
  server.on('error', failed);
  server.listen(Number(port), host, () => finish({ ok: true }));
}

function timeWait() {
  const server = net.createServer((socket) => socket.end());
  server.listen(Number(protocol), '127.0.0.1', () => {
    const client = net.connect(Number(protocol), '127.0.0.1');
    // The server closes first, so the port's own side stays in TIME_WAIT.
    client.on('end', () => client.end());
    client.on('close', () => server.close(() => finish({ ok: true })));
    client.resume();
  });
}

({ serve, ask, bind, 'time-wait': timeWait })[command]();
