// What an expression surely is, fraction or integer, where dialects differ in how they divide and cast.
import type { Expr } from './ast.ts';

/** Surely no integer: so the quotient is none, either. */
export function isFraction(operand: Expr): boolean {
  switch (operand.kind) {
    case 'number': return /[.eE]/.test(operand.text);
    case 'cast': return ['numeric', 'float8', 'float4'].includes(operand.type.name.at(-1) ?? '');
    case 'binary': return '+-*/'.includes(operand.operator) && (isFraction(operand.left) || isFraction(operand.right));
    case 'unary': return isFraction(operand.operand);
    case 'function': {
      const [argument] = operand.arguments;
      return ['sum', 'avg', 'min', 'max', 'abs'].includes(operand.name[0] ?? '') && argument !== undefined
        && isFraction(argument.value);
    }
    default: return false;
  }
}

/** Surely no fraction. */
export function isWhole(operand: Expr): boolean {
  switch (operand.kind) {
    case 'number': return !/[.eE]/.test(operand.text);
    case 'string': case 'null': return true;
    case 'cast': return /^(int\d|text|varchar|bpchar|bool)$/.test(operand.type.name.at(-1) ?? '');
    case 'binary': return operand.operator === '||'
      || (['+', '-', '*', '%'].includes(operand.operator) && isWhole(operand.left) && isWhole(operand.right));
    case 'case': return [...operand.branches.map((branch) => branch.result),
      ...operand.otherwise === undefined ? [] : [operand.otherwise]].every(isWhole);
    case 'coalesce': return operand.arguments.every(isWhole);
    case 'function': return ['count', 'char_length', 'length', 'row_number', 'rank', 'dense_rank', 'floor', 'ceil',
      'ceiling'].includes(operand.name[0] ?? '');
    default: return false;
  }
}
