// Compiles one program of test/ to JavaScript, for tests that start it as a process of its own.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** `entry`: a path from the root, such as `test/crash/child.ts`. Returns the path of the compiled file. */
export function compileProgram(entry: string): string {
  // Below node_modules, so that the packages are found.
  const out = join(ROOT, 'node_modules', '.cache', `millrace-${entry.replaceAll(/\W/g, '-')}`);
  mkdirSync(out, { recursive: true });
  const config = {
    extends: relative(out, join(ROOT, 'tsconfig.json')),
    compilerOptions: { outDir: out, rootDir: ROOT, sourceMap: false, noEmitOnError: false, typeRoots: [join(ROOT, 'node_modules/@types')] },
    files: [join(ROOT, entry)],
    include: [],
  };
  writeFileSync(join(out, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(out, 'package.json'), '{ "type": "module" }');
  try {
    execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', out], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    // Type errors are the business of `npm run check`; a program that was not written fails when it is started.
    if (!(error instanceof Error && 'status' in error)) throw error;
  }
  return join(out, entry.replace(/\.ts$/, '.js'));
}
