import { AppError } from '../core/index.ts';
import { hostPlatform } from '../image/index.ts';
import type { Token } from './dockerfile/ast.ts';
import { dockerfileError } from './dockerfile/dockerfile-error.ts';

/** @throws {AppError} `BUILD_UNSUPPORTED` for another machine's. */
export function checkPlatform(text: string | undefined) {
  const host = hostPlatform();
  const [os = '', architecture = ''] = (text ?? '').split('/');
  if (
    text === undefined ||
    text === '' ||
    (os === host.os && (architecture === '' || architecture === host.architecture))
  ) {
    return host;
  }
  throw new AppError(
    'BUILD_UNSUPPORTED',
    `platform ${text}: this machine builds for ${host.os}/${host.architecture} only`,
  );
}

/** The same for the one that a FROM names. */
export function placedPlatform(text: string, token: Token): void {
  try {
    checkPlatform(text);
  } catch (error) {
    throw dockerfileError(token.range, (error as Error).message, { code: 'BUILD_UNSUPPORTED' });
  }
}

/** SOURCE_DATE_EPOCH among the build's arguments, in seconds. @throws {AppError} `BUILD_UNSUPPORTED` */
export function epochOf(args: Readonly<Record<string, string>>): number | undefined {
  const text = args.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new AppError('BUILD_UNSUPPORTED', `SOURCE_DATE_EPOCH "${text}" is no number of seconds`);
}
