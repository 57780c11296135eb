/** What a search asks for, whatever it searches. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly operands: readonly Condition[] }
  | { readonly kind: 'not'; readonly operand: Condition }
  | Comparison;

export interface Comparison {
  readonly kind: 'compare';
  readonly subject: Subject;
  readonly test: Test;
}

export interface Subject {
  readonly of: Family;
  /** A key, or the name of an attribute as its vocabulary writes it. */
  readonly key: string;
}

export type Family = 'metric' | 'param' | 'tag' | 'attribute' | 'dataset';

export type Test =
  | { readonly operator: '=' | '!=' | '>' | '>=' | '<' | '<='; readonly value: number | string }
  | { readonly operator: 'like' | 'ilike'; readonly value: string }
  | { readonly operator: 'in' | 'not in'; readonly values: readonly string[] }
  | { readonly operator: 'is null' | 'is not null' };

export interface Ordering {
  readonly subject: Subject;
  readonly descending: boolean;
}

/** What can be asked of one kind of thing. */
export interface Vocabulary {
  readonly families: readonly Family[];
  /** Attributes by every spelling, in lower case. */
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface Attribute {
  readonly name: string;
  readonly type: 'text' | 'number';
}
