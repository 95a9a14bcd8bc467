declare const CORACLE_VERSION: string | undefined;

/** The package's version; the build puts it in, running from sources has none. */
export const version: string =
  typeof CORACLE_VERSION === 'undefined' ? '0.0.0-source' : CORACLE_VERSION;
