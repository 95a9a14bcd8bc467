/** Creates, starts and removes a container again and again, until it is killed: data run binary image. */
import { createEngine } from '../../../src/engine/index.ts';

const [data = '', run = '', nativeBinary = '', Image = ''] = process.argv.slice(2);

async function forEver(): Promise<never> {
  const engine = createEngine({ roots: { data, run }, nativeBinary, clock: Date.now });
  for (;;) {
    const container = await engine.createContainer({
      name: 'victim',
      Image,
      Volumes: { '/seed': {} },
    });
    process.stdout.write('.');
    await container.start();
    await container.remove({ force: true, v: true });
  }
}

await forEver();
