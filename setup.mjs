// Installs and builds what is missing, for `npm start` and `npm test`. Plain JavaScript: it runs before anything is built.
//   node setup.mjs          dependencies and dist/
//   node setup.mjs --dev    dependencies only (the tests run TypeScript directly)
//   node setup.mjs --build  dependencies and dist/, even when dist/ looks current
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const major = Number(process.versions.node.split('.')[0]);
if (major < 20) {
  console.error(`millrace needs Node 20 or newer; this is ${process.version}`);
  process.exit(1);
}

function run(command, args, what) {
  const done = spawnSync(command, args, {
    cwd: root, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8', shell: process.platform === 'win32',
  });
  if (done.status === 0) return;
  console.error(`millrace: ${what} failed\n${done.stdout ?? ''}${done.stderr ?? ''}`);
  process.exit(1);
}

/** What the installed packages were installed from. */
const lockHash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
const installedMark = join(root, 'node_modules', '.millrace-lock');

function installedIsCurrent() {
  return existsSync(installedMark) && readFileSync(installedMark, 'utf8') === lockHash;
}

/** Newest change of any source file: dist/ is rebuilt when it is older. */
function newestSource() {
  let newest = 0;
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (entry.name.endsWith('.ts')) newest = Math.max(newest, statSync(path).mtimeMs);
    }
  };
  for (const folder of ['engine', 'sql', 'storage', 'wire', 'test', 'bench']) {
    if (existsSync(join(root, folder))) walk(join(root, folder));
  }
  for (const file of ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json']) {
    newest = Math.max(newest, statSync(join(root, file)).mtimeMs);
  }
  return newest;
}

if (!installedIsCurrent()) {
  console.log('millrace: installing packages (once) ...');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], 'npm ci');
  writeFileSync(installedMark, lockHash);
}

/** AssemblyScript → WebAssembly, as text in a module: whoever imports it needs no file and no build of its own. */
async function buildKernel() {
  const folder = join(root, 'engine', 'data', 'kernel');
  const source = join(folder, 'assembly', 'fields.ts');
  const target = join(folder, 'binary.ts');
  if (existsSync(target) && statSync(target).mtimeMs > Math.max(statSync(source).mtimeMs, statSync(installedMark).mtimeMs)) return;
  const { default: asc } = await import('assemblyscript/asc');
  let binary = new Uint8Array(0);
  const { error, stderr } = await asc.main([
    source, '--baseDir', root, '--outFile', 'fields.wasm',
    '--runtime', 'stub', '--importMemory', '--enable', 'simd', '-O3', '--noAssert',
  ], { writeFile: (_name, contents) => { binary = contents; } });
  if (error !== null) {
    console.error(`millrace: the kernel's build failed\n${stderr.toString()}`);
    process.exit(1);
  }
  const lines = Buffer.from(binary).toString('base64').match(/.{1,110}/g) ?? [];
  writeFileSync(target, [
    '// Made by setup.mjs from assembly/fields.ts: the WebAssembly module in base64.',
    'export const KERNEL = [', ...lines.map((line) => `  '${line}',`), "].join('');", '',
  ].join('\n'));
}

await buildKernel();

const dev = process.argv.includes('--dev');
const force = process.argv.includes('--build');
const builtMark = join(root, 'dist', '.built');
if (!dev && (force || !existsSync(builtMark) || statSync(builtMark).mtimeMs < newestSource())) {
  console.log('millrace: building (once) ...');
  run(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'], 'the build');
  mkdirSync(dirname(builtMark), { recursive: true });
  writeFileSync(builtMark, '');
}
