/** Whether a server that listens also answers: a port may be open long before a login works. */
import { connect } from 'node:net';

/** Servers whose first words are known. */
export type ServerKind = 'mysql' | 'postgres' | 'redis';

/** `silent`: what listens there speaks something else, or cannot be reached from here. */
export type Greeting = 'ready' | 'busy' | 'silent';

const usualPorts: Readonly<Record<number, ServerKind>> = {
  3306: 'mysql',
  5432: 'postgres',
  6379: 'redis',
};

const images: readonly (readonly [RegExp, ServerKind])[] = [
  [/(^|\/)(mysql|mariadb|percona)(-server)?(:|@|$)/, 'mysql'],
  [/(^|\/)(postgres|postgresql|postgis|timescaledb|pgvector)(:|@|$)/, 'postgres'],
  [/(^|\/)(redis|valkey|keydb)(:|@|$)/, 'redis'],
];

/** What probably listens on a port: by the port's number, or by the image's name where only one port counts. */
export function serverKind(
  port: number,
  image: string,
  isOnlyPort: boolean,
): ServerKind | undefined {
  const named = images.find(([pattern]) => pattern.test(image))?.[1];
  return usualPorts[port] ?? (isOnlyPort ? named : undefined);
}

const answerMs = 2_000;
const enough = 64;

/** Connects and listens to the first words. Never fails: who does not answer is `silent`. */
export function greet(kind: ServerKind, host: string, port: number): Promise<Greeting> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const socket = connect({ host, port });
    const end = (greeting: Greeting) => {
      socket.destroy();
      resolve(greeting);
    };
    socket.setTimeout(answerMs, () => end('silent'));
    socket.once('error', () => end('silent'));
    socket.once('close', () => end(heard.length === 0 ? 'silent' : 'busy'));
    socket.once('connect', () => socket.write(firstWords[kind]));
    socket.on('data', (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      const greeting = readGreeting(kind, heard);
      if (greeting !== undefined) end(greeting);
      else if (heard.length > enough) end('silent');
    });
  });
}

/** What the bytes that a server has sent so far say; undefined where more are needed. */
export function readGreeting(kind: ServerKind, heard: Buffer): Greeting | undefined {
  return heard.length === 0 ? undefined : answers[kind](heard);
}

/** What a client says first: MySQL's says nothing, PostgreSQL's names a user, Redis' pings. */
const firstWords: Readonly<Record<ServerKind, Buffer>> = {
  mysql: Buffer.alloc(0),
  postgres: startupMessage('user', 'postgres', 'database', 'postgres'),
  redis: Buffer.from('PING\r\n'),
};

const answers: Readonly<Record<ServerKind, (heard: Buffer) => Greeting | undefined>> = {
  // A packet's four bytes, then protocol version 10, or 0xff and an error: "too many connections" is a greeting too.
  mysql: (heard) =>
    heard.length < 5 ? undefined : heard[4] === 10 || heard[4] === 0xff ? 'ready' : 'silent',
  // R asks for the password; an error says why not, and 57P03 that it is too early.
  postgres: (heard) => {
    if (heard[0] === 0x52) return 'ready';
    if (heard[0] !== 0x45) return 'silent';
    if (heard.length < 5 || heard.length < heard.readUInt32BE(1) + 1) return undefined;
    return heard.includes('C57P03\0') ? 'busy' : 'ready';
  },
  redis: (heard) => {
    const text = heard.toString('latin1');
    if (!text.includes('\r\n')) return undefined;
    if (text.startsWith('-LOADING') || text.startsWith('-MASTERDOWN')) return 'busy';
    return text.startsWith('+PONG') || text.startsWith('-') ? 'ready' : 'silent';
  },
};

/** PostgreSQL's first message, protocol 3.0: its length, its version, then names and values. */
function startupMessage(...words: readonly string[]): Buffer {
  const body = Buffer.from(`${words.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.writeUInt32BE(3 << 16, 4);
  return Buffer.concat([head, body]);
}
