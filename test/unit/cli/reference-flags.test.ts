import { expect } from 'chai';
import { composeCommands } from '../../../src/cli/compose-commands.ts';
import { globalFlags } from '../../../src/cli/global-flags.ts';

/** The flags of Docker Compose 5.5's reference, without their values; hidden ones behind the bar. */
const reference: Readonly<Record<string, string>> = {
  attach: '--detach-keys --index --no-stdin --sig-proxy',
  build:
    '--build-arg --builder --check --memory -m --no-cache --print --provenance --pull --push --quiet -q --sbom --ssh --with-dependencies | --compress --force-rm --no-rm --parallel --progress',
  commit: '--author -a --change -c --index --message -m --pause -p',
  config:
    '--environment --format --hash --images --lock-image-digests --models --networks --no-consistency --no-env-resolution --no-interpolate --no-normalize --no-path-resolution --output -o --profiles --quiet -q --resolve-image-digests --services --variables --volumes',
  cp: '--all --archive -a --follow-link -L --index',
  create:
    '--build --force-recreate --no-build --no-recreate --pull --quiet-pull --remove-orphans --scale --yes -y',
  down: '--remove-orphans --rmi --timeout -t --volumes -v',
  events: '--json --since --until',
  exec: '--detach -d --env -e --index --no-tty -T --privileged --user -u --workdir -w | -i -t',
  export: '--index --output -o',
  images: '--format --quiet -q',
  kill: '--remove-orphans --signal -s',
  logs: '--follow -f --index --no-color --no-log-prefix --since --tail -n --timestamps -t --until',
  ls: '--all -a --filter --format --quiet -q',
  pause: '',
  unpause: '',
  top: '',
  port: '--index --protocol',
  ps: '--all -a --filter --format --no-trunc --orphans --quiet -q --services --status',
  pull: '--ignore-buildable --ignore-pull-failures --include-deps --policy --quiet -q | --parallel --no-parallel',
  push: '--ignore-push-failures --include-deps --quiet -q',
  restart: '--no-deps --timeout -t',
  rm: '--force -f --stop -s --volumes -v | --all -a',
  run: '--build --cap-add --cap-drop --detach -d --entrypoint --env -e --env-from-file --interactive -i --label -l --name --no-deps --no-tty -T --publish -p --pull --quiet -q --quiet-build --quiet-pull --remove-orphans --rm --service-ports -P --use-aliases --user -u --volume -v --workdir -w | -t',
  scale: '--no-deps',
  start: '--wait --wait-timeout',
  stats: '--all -a --format --no-stream --no-trunc',
  stop: '--timeout -t',
  up: '--abort-on-container-exit --abort-on-container-failure --always-recreate-deps --attach --attach-dependencies --build --detach -d --exit-code-from --force-recreate --menu --no-attach --no-build --no-color --no-deps --no-log-prefix --no-recreate --no-start --pull --quiet-build --quiet-pull --remove-orphans --renew-anon-volumes -V --scale --timeout -t --timestamps --wait --wait-timeout --watch -w --yes -y',
  version: '--format -f --short',
  volumes: '--format --quiet -q',
  wait: '--down-project',
  watch: '--no-up --prune --quiet',
};

const globals =
  '--all-resources --ansi --compatibility --dry-run --env-file --file -f --parallel --profile --progress --project-directory --project-name -p | --insecure-registry --no-ansi --verbose --version -v --workdir';

function words(text: string): string[] {
  return text.split(/[\s|,]+/).filter((word) => word !== '');
}

function names(flags: readonly { readonly flags: string }[]): Set<string> {
  return new Set(
    flags.flatMap(({ flags: text }) => words(text).filter((word) => word.startsWith('-'))),
  );
}

/** `--no-x` stands for both itself and, as `--no-x=false`, its opposite. */
function isKnown(flag: string, known: ReadonlySet<string>): boolean {
  return known.has(flag) || known.has(flag.replace(/^--/, '--no-'));
}

describe('the flags of Docker Compose', () => {
  it('are all known before the command', () => {
    const known = names(globalFlags);
    expect(words(globals).filter((flag) => !isKnown(flag, known))).to.deep.equal([]);
  });

  for (const [name, flags] of Object.entries(reference)) {
    it(`are all known to ${name}`, async function () {
      const entry = composeCommands[name];
      if (entry === undefined) this.skip();
      const known = names((await entry.load()).flags);
      expect(words(flags).filter((flag) => !isKnown(flag, known))).to.deep.equal([]);
    });
  }
});
