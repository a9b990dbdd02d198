// Arithmetic of SQL/JSON path: numeric's, with its errors.
import type { ArithmeticOperator } from '../../data/jsonpath.ts';
import type { Numeric } from '../../data/numeric.ts';

/** 22012 for a division by zero. */
export function arithmetic(operator: ArithmeticOperator, left: Numeric, right: Numeric): Numeric {
  switch (operator) {
    case '+': return left.add(right);
    case '-': return left.subtract(right);
    case '*': return left.multiply(right);
    case '/': return left.divide(right);
    case '%': return left.mod(right);
  }
}

/** The number without its fraction, or null beyond int4. */
export function truncated(value: Numeric): number | null {
  const whole = Number(value.trunc().toString());
  return Math.abs(whole) <= 2147483647 ? whole : null;
}
