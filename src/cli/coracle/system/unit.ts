/** The systemd unit that starts the containers at boot and stops them in order at shutdown. */
import type { Host } from '../../host.ts';

export const unitName = 'coracle.service';

/** Handed on to the unit where they are set, so that it works on the folders that the user works on. */
const variables = ['CORACLE_DATA', 'CORACLE_RUN', 'CORACLE_ADDRESS_POOLS', 'CORACLE_NATIVE'];

/** @param data folder with the containers' records, which may be on a file system of its own. */
export function unitText(
  { env, ownCommand }: Pick<Host, 'env' | 'ownCommand'>,
  data: string,
): string {
  const command = ownCommand.map(quote).join(' ');
  const environment = variables.flatMap((name) =>
    env[name] ? [`Environment=${quote(`${name}=${env[name]}`)}`] : [],
  );
  return `${[
    '# Written by coracle system enable.',
    '[Unit]',
    'Description=Containers of Coracle that their restart policies want running',
    'Wants=network-online.target',
    'After=network-online.target local-fs.target nftables.service ufw.service firewalld.service',
    `RequiresMountsFor=${quote(data)}`,
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...environment,
    `ExecStart=${command} system start`,
    `ExecStop=${command} system stop`,
    '# A start waits for healthchecks, a stop for the grace periods of the services.',
    'TimeoutStartSec=infinity',
    'TimeoutStopSec=5min',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ].join('\n')}\n`;
}

/** systemd's quoting: C-like escapes in double quotes, `%` and `$` doubled. */
function quote(word: string): string {
  const escaped = word.replace(/[\\"]/g, '\\$&').replace(/[%$]/g, '$&$&');
  return /^[\w@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped}"`;
}
