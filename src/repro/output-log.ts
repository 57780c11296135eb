import { closeSync, openSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { diskError, writeFully } from '../base/atomic-file.ts';

/** A stage's output: kept whole in a file, handed on by lines, its end remembered for the message of a failure. */
export interface OutputLog {
  readonly file: string;
  /** What kept the file from being written to; the rest of the output was only handed on. */
  readonly fault: Error | undefined;
  write(stream: 'stdout' | 'stderr', chunk: Uint8Array): void;
  /** Hands on what stands in an unfinished last line and closes the file. */
  end(): void;
  lastLines(): readonly string[];
}

export type OnLines = (stream: 'stdout' | 'stderr', text: string) => void;

const LAST_LINES = 10;
const LONGEST_TAIL = 16_384;

export function createOutputLog(file: string, onLines: OnLines): OutputLog {
  let descriptor: number | undefined;
  let fault: Error | undefined;
  let tail = '';
  const parts = { stdout: lineParts(), stderr: lineParts() };

  function pass(stream: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    tail = (tail + text).slice(-LONGEST_TAIL);
    onLines(stream, text);
  }

  /** What is thrown among the events of a stream would end lockstep, and not the stage. */
  function keep(chunk: Uint8Array): void {
    if (fault !== undefined) return;
    try {
      descriptor ??= openSync(file, 'a');
      writeFully(descriptor, chunk);
    } catch (error) {
      const explained = diskError(error, `cannot write ${file}`);
      fault = explained instanceof Error ? explained : new Error(String(error));
    }
  }

  return {
    file,
    get fault() {
      return fault;
    },
    write(stream, chunk) {
      keep(chunk);
      pass(stream, parts[stream].add(chunk));
    },
    end() {
      pass('stdout', parts.stdout.rest());
      pass('stderr', parts.stderr.rest());
      if (descriptor !== undefined) closeSync(descriptor);
      descriptor = undefined;
    },
    lastLines: () =>
      tail
        .replace(/\n$/, '')
        .split('\n')
        .slice(-LAST_LINES)
        .filter((line, _, all) => all.length > 1 || line !== ''),
  };
}

/** Cuts chunks of bytes at line ends, never inside a character. */
function lineParts(): { add(chunk: Uint8Array): string; rest(): string } {
  const decoder = new StringDecoder('utf8');
  let open = '';
  return {
    add(chunk) {
      const text = open + decoder.write(chunk as Buffer);
      const end = text.lastIndexOf('\n') + 1;
      open = text.slice(end);
      return text.slice(0, end);
    },
    rest() {
      const last = open + decoder.end();
      open = '';
      return last === '' ? '' : `${last}\n`;
    },
  };
}
