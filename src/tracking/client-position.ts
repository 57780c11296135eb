/** Rows at this position and behind it are a client's; what repro records is numbered from 0. */
export const CLIENT_POSITION = 1e15;
