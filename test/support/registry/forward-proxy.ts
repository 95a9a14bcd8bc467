/** A proxy as in `HTTP_PROXY`: absolute addresses, and CONNECT. Whatever host is asked for, one server of this machine answers. */
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ForwardProxy {
  readonly host: string;
  /** `GET http://…` or `CONNECT host:port`, with what the client has said of itself. */
  readonly seen: readonly { readonly line: string; readonly authorization: string | undefined }[];
  stop(): Promise<void>;
}

/** @param password  `user:password` that it wants; anybody may where it is left out. */
export async function startForwardProxy(target: string, password?: string): Promise<ForwardProxy> {
  const seen: { line: string; authorization: string | undefined }[] = [];
  const wanted = password && `Basic ${Buffer.from(password).toString('base64')}`;
  const [host = '', port = ''] = target.split(':');
  const enters = (request: IncomingMessage) => {
    const authorization = request.headers['proxy-authorization'];
    seen.push({ line: `${request.method} ${request.url}`, authorization });
    return wanted === undefined || authorization === wanted;
  };
  const server = createServer((incoming, answer) => {
    if (!enters(incoming)) {
      answer.writeHead(407).end();
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _ours, ...headers } = incoming.headers;
    const onward = httpRequest(
      { host, port, method: incoming.method, path: `${pathname}${search}`, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 500, response.headers);
        response.pipe(answer);
      },
    );
    incoming.pipe(onward);
  });
  const sockets = new Set<{ destroy(): void }>();
  server.on('connect', (incoming, socket, head) => {
    sockets.add(socket);
    if (!enters(incoming)) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
