import stringWidth from 'fast-string-width';
import { type Diagnostic, LockstepError, type Place } from '../base/error.ts';
import type { Context } from './context.ts';
import { EXIT, EXIT_OF_ERROR, type ExitCode } from './exit-code.ts';
import { type Styles, stylesOf } from './style.ts';

export interface ErrorOrigin {
  readonly context: Context;
  readonly argv: readonly string[];
}

/** Writes what was thrown to stderr, and gives the exit code that it stands for. */
export async function renderError(error: unknown, origin: ErrorOrigin): Promise<ExitCode> {
  const { stderr, signal } = origin.context;
  if (error instanceof LockstepError) {
    stderr.write(errorText(error, stylesOf(stderr)));
    return EXIT_OF_ERROR[error.code];
  }
  if (signal.aborted && error instanceof Error && error.name === 'AbortError') return EXIT.interrupted;
  const { renderBug } = await import('./render-bug.ts');
  stderr.write(renderBug(error, origin.argv));
  return EXIT.bug;
}

/** A stoppage as the user reads it: what and where, then what to do. */
export function errorText(error: LockstepError, styles: Styles): string {
  const parts = [`${styles.red(styles.bold('error:'))} ${error.message}`];
  parts.push(...error.diagnostics.map((diagnostic) => diagnosticText(diagnostic, styles)));
  const total = `${error.diagnostics.length} mistakes`;
  if (error.diagnostics.length > 1 && !error.message.startsWith(total)) parts.push(total);
  if (error.hint !== undefined) parts.push(hintText(error.hint, styles));
  return `${parts.join('\n\n')}\n`;
}

/** One line for something that does not stop anything. */
export function warningText({ place, related, message, hint }: Diagnostic): string {
  const where = place === undefined ? '' : `${positionOf(place)}: `;
  const see = related === undefined ? '' : ` (see ${positionOf(related)})`;
  return `warning: ${where}${message}${see}${hint === undefined ? '' : `; ${hint}`}\n`;
}

function diagnosticText(diagnostic: Diagnostic, styles: Styles): string {
  const { place, related, message, hint } = diagnostic;
  const lines = [place === undefined ? message : `${styles.bold(positionOf(place))}: ${message}`];
  if (place !== undefined) lines.push(...excerpt(place, styles.red));
  if (related !== undefined) lines.push(`  see ${styles.bold(positionOf(related))}`, ...excerpt(related, styles.blue));
  if (hint !== undefined) lines.push(`  ${hintText(hint, styles)}`);
  return lines.join('\n');
}

function hintText(hint: string, styles: Styles): string {
  return `${styles.cyan('hint:')} ${hint}`;
}

function positionOf(place: Place): string {
  return `${place.file}:${place.line}:${place.column}`;
}

/** Characters of a line that are shown, so that a caret stays below its word in a terminal of usual width. */
const SHOWN = 110;

/** The line with a caret below its column. */
function excerpt(place: Place, paint: (text: string) => string): string[] {
  // A tab is as wide as the terminal likes, so it becomes one blank; so do control characters that would move the cursor.
  const whole = place.text.replace(/\p{Cc}/gu, ' ');
  const start = place.column > SHOWN - 20 ? place.column - SHOWN / 2 : 0;
  const text = whole.slice(start, start + SHOWN);
  const gutter = `${place.line}`.padStart(5);
  const indent = ' '.repeat(stringWidth(text.slice(0, place.column - 1 - start)));
  return [`${gutter} | ${text}`.trimEnd(), `${' '.repeat(gutter.length)} | ${indent}${paint('^')}`];
}
