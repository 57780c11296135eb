import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';

export interface Asking {
  readonly input: Readable;
  readonly output: Writable;
  /** Aborted by Ctrl-C, and ends the waiting for an answer. */
  readonly controller: AbortController;
}

/**
 * One line from a terminal. While it is read, the terminal sends no signals: Ctrl-C comes as an event. Ctrl-D, the end
 * of input, is an empty answer.
 */
export async function readAnswer(question: string, { input, output, controller }: Asking): Promise<string> {
  const terminal = createInterface({ input, output, terminal: true });
  terminal.once('SIGINT', () => controller.abort());
  try {
    return await terminal.question(question, { signal: controller.signal });
  } catch (error) {
    // No line end was typed.
    output.write('\n');
    if (controller.signal.aborted || !(error instanceof Error) || error.name !== 'AbortError') throw error;
    return '';
  } finally {
    terminal.close();
  }
}
