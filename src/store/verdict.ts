/** What became of an object, or of all that some content consists of. */
export type Verdict = 'intact' | 'missing' | 'corrupt';
