import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/python';
import type { ProjectPath } from '../base/brand.ts';
import type { Diagnostic } from '../base/error.ts';
import { childrenOf, literalValue } from './python-literal.ts';
import { placeAt } from './read-yaml.ts';
import type { Value, ValueMap } from './value.ts';

type ReadPython =
  | { readonly ok: true; readonly value: ValueMap }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * The constants of a Python file, as data: `X = 1` of the module, `X` of a class as `Class.X`, and what `__init__`
 * assigns to `self`. Only literals are read; nothing is executed, and what would have to be is left out.
 */
export function parsePython(file: ProjectPath, text: string): ReadPython {
  const tree = parser.parse(text);
  let wrong: number | undefined;
  tree.iterate({
    enter(node) {
      if (node.type.isError && wrong === undefined && !isUnknownForm(node.node)) wrong = node.from;
      return wrong === undefined;
    },
  });
  if (wrong !== undefined) {
    const place = placeAt(file, text, wrong);
    return { ok: false, diagnostics: [{ message: 'this is no Python that can be read', place }] };
  }
  return { ok: true, value: constantsIn(childrenOf(tree.topNode), text, 'name') };
}

/** Forms of Python that the grammar takes for mistakes: `1.`, a bare `yield`, and `with` in brackets. */
function isUnknownForm({ parent }: SyntaxNode): boolean {
  if (parent?.name === 'MemberExpression') return parent.firstChild?.name === 'Number';
  return parent?.name === 'YieldExpression' || [parent, parent?.parent].some((node) => node?.name === 'WithStatement');
}

/** `name`: what is assigned to a name. `self`: what is assigned to a member of `self`. */
type Target = 'name' | 'self';

function constantsIn(statements: readonly SyntaxNode[], text: string, target: Target): ValueMap {
  const values = new Map<string, Value>();
  for (const statement of statements.flatMap(plainStatements)) {
    const found = constantsOf(statement, text, target);
    for (const [name, value] of found) values.set(name, value);
  }
  return values;
}

/** The statements of one line, and what a decorator stands above. */
function plainStatements(statement: SyntaxNode): readonly SyntaxNode[] {
  const wraps = statement.name === 'StatementGroup' || statement.name === 'DecoratedStatement';
  return wraps ? childrenOf(statement) : [statement];
}

function constantsOf(statement: SyntaxNode, text: string, target: Target): ValueMap {
  const name = statement.getChild('VariableName');
  const written = name === null ? '' : text.slice(name.from, name.to);
  switch (statement.name) {
    case 'AssignStatement':
      return assignedBy(statement, text, target);
    case 'ClassDefinition':
      return new Map([[written, constantsIn(bodyOf(statement), text, target === 'self' ? 'self' : 'name')]]);
    case 'FunctionDefinition':
      if (written !== '__init__' || statement.getChild('async') !== null) return new Map();
      return constantsIn(bodyOf(statement), text, 'self');
    default:
      return new Map();
  }
}

function bodyOf(definition: SyntaxNode): readonly SyntaxNode[] {
  const body = definition.getChild('Body');
  return body === null ? [] : childrenOf(body);
}

/** One name and one literal; anything else, like `a = b = 1`, assigns nothing that could be a param. */
function assignedBy(statement: SyntaxNode, text: string, wanted: Target): ValueMap {
  const parts = childrenOf(statement).filter((part) => part.name !== 'TypeDef' && part.name !== 'Comment');
  const [target, operator, literal, ...more] = parts;
  const isPlain = operator?.name === 'AssignOp' && more.length === 0;
  if (target === undefined || literal === undefined || !isPlain) return new Map();
  const name = nameOf(target, text, wanted);
  const value = name === undefined ? undefined : literalValue(literal, text);
  return name === undefined || value === undefined ? new Map() : new Map([[name, value]]);
}

function nameOf(target: SyntaxNode, text: string, wanted: Target): string | undefined {
  const written = text.slice(target.from, target.to);
  if (target.name === 'VariableName') return wanted === 'name' ? written : undefined;
  return target.name === 'MemberExpression' ? /^self\s*\.\s*(\w+)$/u.exec(written)?.[1] : undefined;
}
