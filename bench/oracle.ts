// The PostgreSQL that benches compare with: MILLRACE_ORACLE, a URL without a password.
import type { Target } from './wire/client.ts';

/** null: none is given; `purpose` then says what is not measured. */
export function oracle(purpose: string): Target | null {
  const url = process.env['MILLRACE_ORACLE'];
  if (url === undefined || url === '') {
    console.log(`MILLRACE_ORACLE is not set: ${purpose}`);
    return null;
  }
  const { hostname, port, username, pathname } = new URL(url);
  return { host: hostname, port: Number(port === '' ? 5432 : port), user: username, database: pathname.slice(1) };
}
