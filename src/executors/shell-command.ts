/** What to start a shell with, and the files that it needs to find. */
export interface ShellCommand {
  readonly args: readonly string[];
  /** Absolute path → text; to be there before the shell is told to go. */
  readonly files: ReadonlyMap<string, string>;
}

/**
 * The shell first waits for a line on descriptor 3. Should lockstep die before it has recorded the process, the shell
 * reads the end of the file instead, and leaves without having run anything. The user's commands do not get descriptor 3.
 */
const GATE = 'read -r lockstep_go <&3 || exit 125; exec 3<&-; ';

/** Each script in a shell of its own, so that neither `cd` nor variables leak into the next; the last takes our place. */
const IN_ORDER = 'while [ $# -gt 1 ]; do "$0" -ec "$1" || exit; shift; done; exec "$0" -ec "$1"';

/** Linux takes no single argument of 128 KiB or more, macOS 1 MiB of arguments and environment together. */
const LONGEST = 100_000;

export function shellCommand(shell: string, scripts: readonly string[], filePrefix: string): ShellCommand {
  const bytes = scripts.reduce((sum, script) => sum + Buffer.byteLength(script), 0);
  if (bytes <= LONGEST) return { args: argumentsFor(shell, scripts), files: new Map() };
  const files = new Map(scripts.map((script, index) => [`${filePrefix}.${index}.sh`, script]));
  return { args: argumentsFor(shell, [...files.keys()].map(readingFrom)), files };
}

function argumentsFor(shell: string, scripts: readonly string[]): readonly string[] {
  // On the gate's own line, so that the shell's messages count the script's lines right.
  if (scripts.length <= 1) return ['-ec', GATE + (scripts[0] ?? ''), shell];
  return ['-c', GATE + IN_ORDER, shell, ...scripts];
}

/** `.` keeps `$0`, `set -e` and the meaning of `exit`, which `sh FILE` would not all. */
function readingFrom(file: string): string {
  return `. '${file.replaceAll("'", `'\\''`)}'`;
}
