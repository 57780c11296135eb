import { faultOfNetwork } from '../fault.ts';
import { RemoteError } from '../remote.ts';
import type { Login } from './login.ts';
import { Session } from './session.ts';

/** A few connections to one server, made when they are needed, and again when they are lost. */
export interface Connections {
  /** Each in its turn. */
  next(): Promise<Session>;
  close(): Promise<void>;
}

export function connectionsTo(login: Login, most: number): Connections {
  const slots: (Promise<Session> | undefined)[] = [];
  let turn = 0;
  const inSlot = async (index: number): Promise<Session> => {
    for (;;) {
      const slot = slots[index] ?? connect(login);
      slots[index] = slot;
      const session = await slot.catch((error: unknown) => {
        if (slots[index] === slot) slots[index] = undefined;
        throw error;
      });
      if (session.isOpen) return session;
      if (slots[index] === slot) slots[index] = undefined;
    }
  };
  return {
    next: async () => {
      // Whether the host is the right one, and lets us in, is seen by one of them and not by several at once.
      const first = await inSlot(0);
      turn = (turn + 1) % most;
      return turn === 0 ? first : await inSlot(turn);
    },
    close: async () => {
      await Promise.all(slots.map(async (slot) => (await slot?.catch(() => undefined))?.close()));
    },
  };
}

async function connect(login: Login): Promise<Session> {
  try {
    return await Session.open(login.connect);
  } catch (error) {
    throw login.refused() ?? loginFault(login, error);
  }
}

/** The library's words are in the cause: it puts names of its own functions before them. */
function loginFault({ host, user, tried }: Login, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = { cause: error };
  if (/authentication methods failed|No such agent|agent/i.test(error.message)) {
    return new RemoteError('fatal', `${host} does not let ${user} in`, {
      ...cause,
      hint:
        tried.length === 0
          ? 'there is neither an SSH agent nor a key: lockstep remote modify NAME keyfile …'
          : `tried: ${tried.join(', ')}; lockstep remote modify NAME user … or keyfile … says otherwise`,
    });
  }
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOTFOUND') return new RemoteError('fatal', `there is no host ${host}`, cause);
  const fault = faultOfNetwork(code) ?? (/no matching/i.test(error.message) ? 'fatal' : 'transient');
  return new RemoteError(fault, `${host} does not answer: ${error.message.replace(/^\w+: /, '')}`, cause);
}
