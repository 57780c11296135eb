import { type Remote, RemoteError } from '../../src/remotes/remote.ts';

/** `none`, or what a question to a remote ended in, with its hint. The remote is closed then. */
export async function faultOf(remote: Remote): Promise<string> {
  try {
    await remote.have(['sha256/aa/none']);
    return 'none';
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return `${error.fault}: ${error.message} (${error.hint ?? ''})`;
  } finally {
    await remote.close();
  }
}
