import type { Readable } from 'node:stream';

/** Objects elsewhere, by key: a path below the remote's root, with `/` between its parts. Several may write at once. */
export interface Remote {
  /** Address without credentials, as messages name it. */
  readonly url: string;
  /**
   * Which of the keys are there, with their sizes where these are told; asked one by one or by listing, whichever is
   * cheaper.
   */
  have(keys: readonly string[]): Promise<ReadonlyMap<string, number | undefined>>;
  /** Throws a `RemoteError`, here or in the midst of the stream; the signal ends the waiting for the first byte. */
  read(key: string, signal?: AbortSignal): Promise<Readable>;
  /** What is there has its name only once it is complete. */
  write(key: string, file: Sending): Promise<void>;
  /** What is not there is passed over. */
  remove(keys: readonly string[]): Promise<void>;
  /** Undefined where a remote cannot tell what it has. */
  readonly list: ((prefix: string) => AsyncIterable<Listed>) | undefined;
  /** What can be done besides where objects are files of this machine. */
  readonly files?: RemoteFiles;
  close(): Promise<void>;
}

export interface RemoteFiles {
  /** Absolute. */
  pathOf(key: string): string;
  /** As `write`, of many small files, which become durable together. What has its name when it throws keeps it. */
  writeMany(files: readonly KeyedFile[], signal: AbortSignal): Promise<void>;
}

export interface KeyedFile {
  readonly key: string;
  /** Absolute. */
  readonly path: string;
}

export interface Sending {
  /** Absolute. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly signal: AbortSignal;
}

export interface Listed {
  readonly key: string;
  readonly size: number;
}

/**
 * `missing`: no such object. `transient`: worth another try; `given-up`: it was, and was tried often enough. `fatal`: it
 * will go on like that, for example without credentials, or on a full disk.
 */
export type RemoteFault = 'missing' | 'transient' | 'given-up' | 'fatal';

/** Its message may be shown: no credentials are in it. */
export class RemoteError extends Error {
  readonly fault: RemoteFault;
  readonly hint: string | undefined;

  constructor(fault: RemoteFault, message: string, details: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'RemoteError';
    this.fault = fault;
    this.hint = details.hint;
  }
}

/** All that opening a remote takes. */
export interface RemoteAddress {
  /** An absolute path, or `scheme://…`. */
  readonly url: string;
  /** What else is set for it, under the names that DVC has for these options. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How many things may be asked of it at the same time. */
  readonly jobs: number;
}

export type OpenRemote = (address: RemoteAddress) => Promise<Remote>;

/** One option that is a text, as numbers and flags are where a config file has them as such. */
export function textOption({ options }: Pick<RemoteAddress, 'options'>, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
