/**
 * The process as the command line sees it. Only `processHost` reads the real one; everything else is handed a
 * {@link Host}, so tests give their own terminal, clock and environment.
 */

/** A stream that is written to, with what rendering needs to know of it. */
export interface OutputStream {
  /** False where it takes no more for now; see {@link OutputStream.drained}. */
  write(text: string | Uint8Array): boolean;
  /** Resolves once what was written is on its way. */
  drained?(): Promise<void>;
  readonly isTTY: boolean;
  /** Width of the terminal in columns; 80 where there is none. */
  readonly columns: number;
}

export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdinIsTTY: boolean;
  /** All of standard input, for `-f -`. */
  readStdin(): Promise<string>;
  /** A line typed by the user after `question`. */
  ask(question: string): Promise<string>;
  /** The same for what must not show, a password. */
  askHidden(question: string): Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonicMs: () => number;
  /** How long the process has been running, and how long Node took to its first line of ours; milliseconds. */
  processAge(): { readonly ageMs: number; readonly bootMs: number };
  /** Ends the process once the command's exit code is set, whatever is still under way. */
  exitSoon(): void;
  /** Height of the terminal; 24 where there is none. */
  terminalRows(): number;
  readonly uid: number;
  /** How this very program is started: Node, its flags, the script. */
  readonly ownCommand: readonly string[];
  /** The folder that holds the native programs' build, for a checkout and for an installed package alike. */
  readonly packageFolder: string;
  /** Calls back at each arrival of the signal until the returned function is called. */
  onSignal(signal: ProxiedSignal | 'SIGWINCH', callback: () => void): () => void;
}

/** Signals that can be handed on to a container. */
export type ProxiedSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT' | 'SIGUSR1' | 'SIGUSR2';
